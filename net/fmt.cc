#include "gale/net/fmt.h"

#include <cstdint>
#include <optional>

#include "gale/net/internal/format_buffer.h"
#include "gale/net/internal/format_spec.h"
#include "gale/net/internal/format_value.h"
#include "gale/net/internal/utf8.h"

namespace gale::internal {
namespace {

using Kind = FormatArg::Kind;
using Args = std::span<const FormatArg>;

// A width or precision beyond this is a mistake, not a wish.
constexpr std::int64_t kMaxNumber = 1'000'000;

// DirectiveParser walks over a format and prints it, directive by directive.
class DirectiveParser {
 public:
  DirectiveParser(FormatBuffer& out, std::string_view format, Args args) : out_(out), rest_(format), args_(args) {}

  void Run() {
    for (;;) {
      const std::size_t percent = rest_.find('%');
      out_.Append(rest_.substr(0, percent));
      if (percent == std::string_view::npos) break;
      rest_.remove_prefix(percent + 1);
      Directive();
    }
    if (!used_indexes_ && next_ < args_.size()) ReportExtraArgs();
  }

 private:
  void Directive() {
    spec_ = FormatSpec();
    is_good_index_ = true;
    after_index_ = false;
    Flags();
    Index();
    Width();
    Precision();
    if (!after_index_) Index();
    Verb();
  }

  void Flags() {
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      switch (rest_[0]) {
        case '#': spec_.sharp = true; break;
        case '+': spec_.plus = true; break;
        case ' ': spec_.space = true; break;
        case '0': spec_.zero = !spec_.minus; break;
        case '-': SetMinus(); break;
        default: return;
      }
    }
  }

  // Zeros on the right would change a number's value.
  void SetMinus() {
    spec_.minus = true;
    spec_.zero = false;
  }

  // "[3]" makes the third operand the next one.
  void Index() {
    after_index_ = false;
    if (rest_.empty() || rest_[0] != '[') return;
    used_indexes_ = true;
    const std::size_t close = rest_.find(']');
    if (close == std::string_view::npos || rest_.size() < 3) {
      is_good_index_ = false;
      rest_.remove_prefix(1);
      return;
    }
    std::string_view text = rest_.substr(1, close - 1);
    rest_.remove_prefix(close + 1);
    const std::optional<int> number = Number(text);
    after_index_ = number.has_value() && text.empty();
    if (after_index_ && *number >= 1 && static_cast<std::size_t>(*number) <= args_.size()) {
      next_ = static_cast<std::size_t>(*number) - 1;
    } else {
      is_good_index_ = false;
    }
  }

  void Width() {
    if (TakeStar()) {
      const std::optional<int> width = IntegerArg();
      if (!width) out_.Append("%!(BADWIDTH)");
      if (width && *width < 0) SetMinus();
      spec_.width = !width ? FormatSpec::kAbsent : *width < 0 ? -*width : *width;
      after_index_ = false;
    } else if (const std::optional<int> width = Number(rest_)) {
      spec_.width = *width;
      if (after_index_) is_good_index_ = false;  // "%[3]2d"
    }
  }

  void Precision() {
    if (rest_.size() < 2 || rest_[0] != '.') return;  // a point that ends the format is taken for a verb
    rest_.remove_prefix(1);
    if (after_index_) is_good_index_ = false;  // "%[3].2d"
    Index();
    if (TakeStar()) {
      const std::optional<int> precision = IntegerArg();
      const bool is_good = precision && *precision >= 0;
      if (!is_good) out_.Append("%!(BADPREC)");
      spec_.precision = is_good ? *precision : FormatSpec::kAbsent;
      after_index_ = false;
    } else {
      spec_.precision = Number(rest_).value_or(0);
    }
  }

  void Verb() {
    if (rest_.empty()) {
      out_.Append("%!(NOVERB)");
      return;
    }
    const auto first = static_cast<unsigned char>(rest_[0]);
    const DecodedRune verb = first < 0x80 ? DecodedRune{first, 1} : DecodeRune(rest_);
    rest_.remove_prefix(verb.size);
    if (verb.rune == '%') {  // takes no operand, and neither flags nor width
      out_.Append('%');
    } else if (!is_good_index_) {
      Report(verb.rune, "(BADINDEX)");
    } else if (next_ >= args_.size()) {
      Report(verb.rune, "(MISSING)");
    } else {
      if (verb.rune == 'v') SetValueFlags();
      AppendValue(out_, args_[next_++], verb.rune, spec_);
    }
  }

  // %+v asks for the names of fields, which Gale's operands have not; %#v for the form in a program's source.
  void SetValueFlags() {
    spec_.plus = false;
    spec_.sharp_value = spec_.sharp;
    spec_.sharp = false;
  }

  bool TakeStar() {
    if (rest_.empty() || rest_[0] != '*') return false;
    rest_.remove_prefix(1);
    return true;
  }

  // The next operand as a width or precision, if it is an integer of reasonable size.
  std::optional<int> IntegerArg() {
    if (next_ >= args_.size()) return std::nullopt;
    const FormatArg& arg = args_[next_++];
    if (arg.kind() == Kind::kInt && arg.Int() >= -kMaxNumber && arg.Int() <= kMaxNumber) {
      return static_cast<int>(arg.Int());
    }
    if (arg.kind() == Kind::kUint && arg.Uint() <= static_cast<std::uint64_t>(kMaxNumber)) {
      return static_cast<int>(arg.Uint());
    }
    return std::nullopt;
  }

  // Takes a decimal number from the text. One that is too large ends the format, as in Go.
  static std::optional<int> Number(std::string_view& text) {
    std::int64_t number = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
      if (number > kMaxNumber) {
        text = {};
        return std::nullopt;
      }
      number = number * 10 + (text[digits] - '0');
    }
    text.remove_prefix(digits);
    if (digits == 0) return std::nullopt;
    return static_cast<int>(number);
  }

  void Report(char32_t verb, std::string_view what) {
    out_.Append("%!");
    out_.Append(EncodedRune(verb).View());
    out_.Append(what);
  }

  void ReportExtraArgs() {
    out_.Append("%!(EXTRA ");
    for (std::size_t i = next_; i < args_.size(); ++i) {
      if (i > next_) out_.Append(", ");
      if (args_[i].kind() != Kind::kNil) {
        out_.Append(TypeName(args_[i]));
        out_.Append('=');
      }
      AppendValue(out_, args_[i], 'v', FormatSpec());
    }
    out_.Append(')');
  }

  FormatBuffer& out_;
  std::string_view rest_;
  const Args args_;
  std::size_t next_ = 0;       // the operand for the next verb or "*"
  bool used_indexes_ = false;  // operands may have been left out on purpose
  FormatSpec spec_;
  bool is_good_index_ = true;
  bool after_index_ = false;  // the directive's last part was an index
};

void AppendPrint(FormatBuffer& out, Args args) {
  bool after_string = true;
  for (const FormatArg& arg : args) {
    const bool is_string = arg.kind() == Kind::kString;
    if (!is_string && !after_string) out.Append(' ');
    AppendValue(out, arg, 'v', FormatSpec());
    after_string = is_string;
  }
}

void AppendPrintln(FormatBuffer& out, Args args) {
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (i > 0) out.Append(' ');
    AppendValue(out, args[i], 'v', FormatSpec());
  }
  out.Append('\n');
}

}  // namespace

std::expected<std::size_t, Error> FormatPrint(Writer& writer, Args args) {
  FormatBuffer out;
  AppendPrint(out, args);
  return writer.Write(out.View());
}

std::expected<std::size_t, Error> FormatPrintln(Writer& writer, Args args) {
  FormatBuffer out;
  AppendPrintln(out, args);
  return writer.Write(out.View());
}

std::expected<std::size_t, Error> FormatPrintf(Writer& writer, std::string_view format, Args args) {
  FormatBuffer out;
  DirectiveParser(out, format, args).Run();
  return writer.Write(out.View());
}

std::string FormatSprint(Args args) {
  FormatBuffer out;
  AppendPrint(out, args);
  return std::string(out.View());
}

std::string FormatSprintln(Args args) {
  FormatBuffer out;
  AppendPrintln(out, args);
  return std::string(out.View());
}

std::string FormatSprintf(std::string_view format, Args args) {
  FormatBuffer out;
  DirectiveParser(out, format, args).Run();
  return std::string(out.View());
}

}  // namespace gale::internal
