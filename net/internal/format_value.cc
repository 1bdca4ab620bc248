#include "gale/net/internal/format_value.h"

#include <cstdint>

#include "gale/net/internal/format_duration.h"
#include "gale/net/internal/format_float.h"
#include "gale/net/internal/format_integer.h"
#include "gale/net/internal/format_text.h"
#include "gale/net/internal/utf8.h"

namespace gale::internal {
namespace {

using Kind = FormatArg::Kind;

void AppendBadVerb(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  out.Append("%!");
  out.Append(EncodedRune(verb).View());
  out.Append('(');
  if (arg.kind() == Kind::kNil) {
    out.Append("<nil>");
  } else {
    out.Append(TypeName(arg));
    out.Append('=');
    // Where something is wrong, Go does without methods: a duration is then a number.
    AppendValue(out, arg, arg.kind() == Kind::kDuration ? U'd' : U'v', spec);
  }
  out.Append(')');
}

// The verbs that take a text; false if this is none.
bool AppendTextVerb(FormatBuffer& out, std::string_view text, char32_t verb, const FormatSpec& spec) {
  switch (verb) {
    case 'v': spec.sharp_value ? AppendQuoted(out, text, spec) : AppendText(out, text, spec); return true;
    case 's': AppendText(out, text, spec); return true;
    case 'q': AppendQuoted(out, text, spec); return true;
    case 'x': AppendHexText(out, text, false, spec); return true;
    case 'X': AppendHexText(out, text, true, spec); return true;
    default: return false;
  }
}

// The verbs that take an integer; false if this is none.
bool AppendIntegerVerb(FormatBuffer& out, FormatInteger value, char32_t verb, const FormatSpec& spec) {
  const std::uint64_t bits = value.negative ? 0 - value.magnitude : value.magnitude;
  switch (verb) {
    case 'v':
    case 'd': AppendInteger(out, value, 'd', spec); return true;
    case 'b':
    case 'o':
    case 'O':
    case 'x':
    case 'X': AppendInteger(out, value, static_cast<char>(verb), spec); return true;
    case 'c': AppendRune(out, bits, spec); return true;
    case 'q': AppendQuotedRune(out, bits, spec); return true;
    case 'U': AppendUnicode(out, bits, spec); return true;
    default: return false;
  }
}

void AppendSigned(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  if (!AppendIntegerVerb(out, FormatInteger::Signed(arg.Int()), verb, spec)) AppendBadVerb(out, arg, verb, spec);
}

void AppendUnsigned(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  if (verb == 'v' && spec.sharp_value) {
    FormatSpec with_prefix = spec;
    with_prefix.sharp = true;
    AppendInteger(out, FormatInteger::Unsigned(arg.Uint()), 'x', with_prefix);
  } else if (!AppendIntegerVerb(out, FormatInteger::Unsigned(arg.Uint()), verb, spec)) {
    AppendBadVerb(out, arg, verb, spec);
  }
}

// A char is a character first and a number where a number's verb asks for it.
void AppendChar(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  const char byte = static_cast<char>(arg.Int());
  const std::string_view text(&byte, 1);
  if (verb == 'v' || verb == 's' || verb == 'c') {
    AppendPadded(out, text, spec);
  } else {
    AppendSigned(out, arg, verb, spec);
  }
}

void AppendRuneValue(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  AppendSigned(out, arg, verb == 'v' || verb == 's' ? U'c' : verb, spec);
}

void AppendFloatValue(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  switch (verb) {
    case 'v': AppendFloat(out, arg.Float(), arg.bits(), 'g', spec); break;
    case 'b':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'x':
    case 'X': AppendFloat(out, arg.Float(), arg.bits(), static_cast<char>(verb), spec); break;
    default: AppendBadVerb(out, arg, verb, spec); break;
  }
}

void AppendPointer(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  const auto address = FormatInteger::Unsigned(reinterpret_cast<std::uintptr_t>(arg.Pointer()));
  if (verb == 'v' && arg.Pointer() == nullptr) {
    AppendPadded(out, "<nil>", spec);
  } else if (verb == 'v' || verb == 'p') {
    FormatSpec with_prefix = spec;
    with_prefix.sharp = !spec.sharp;
    AppendInteger(out, address, 'x', with_prefix);
  } else if (verb == 'c' || verb == 'q' || verb == 'U' || !AppendIntegerVerb(out, address, verb, spec)) {
    AppendBadVerb(out, arg, verb, spec);
  }
}

// Error and std::error_code: the message, or as Go prints a nil error.
void AppendErrorValue(FormatBuffer& out, const FormatArg& arg, const Error& error, char32_t verb,
                      const FormatSpec& spec) {
  if (!error) {
    verb == 'v' ? AppendPadded(out, "<nil>", spec) : AppendBadVerb(out, FormatArg(), verb, spec);
  } else if (!AppendTextVerb(out, error.Message(), verb, spec)) {
    AppendBadVerb(out, arg, verb, spec);
  }
}

void AppendDurationValue(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  if (spec.sharp_value) verb = 'd';
  FormatBuffer text;
  AppendDuration(text, arg.Int());
  if (!AppendTextVerb(out, text.View(), verb, spec)) AppendSigned(out, arg, verb, spec);
}

void AppendList(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  const FormatList& list = arg.List();
  if (list.is_bytes && verb != 'v' &&
      AppendTextVerb(out, {static_cast<const char*>(list.data), list.size}, verb, spec)) {
    return;
  }
  out.Append('[');
  for (std::size_t i = 0; i < list.size; ++i) {
    if (i > 0) out.Append(' ');
    AppendValue(out, list.at(list.data, i), verb, spec);
  }
  out.Append(']');
}

void AppendBool(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  if (verb == 't' || verb == 'v') {
    AppendPadded(out, arg.Bool() ? "true" : "false", spec);
  } else {
    AppendBadVerb(out, arg, verb, spec);
  }
}

void AppendNil(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  if (verb == 'v' || verb == 'T') {
    AppendPadded(out, "<nil>", spec);
  } else {
    AppendBadVerb(out, arg, verb, spec);
  }
}

void AppendStringValue(FormatBuffer& out, const FormatArg& arg, std::string_view text, char32_t verb,
                       const FormatSpec& spec) {
  if (!AppendTextVerb(out, text, verb, spec)) AppendBadVerb(out, arg, verb, spec);
}

}  // namespace

std::string_view TypeName(const FormatArg& arg) {
  switch (arg.kind()) {
    case Kind::kNil: return "<nil>";
    case Kind::kBool: return "bool";
    case Kind::kInt: return arg.bits() == 64 ? "int64" : arg.bits() == 16 ? "int16" : arg.bits() == 8 ? "int8" : "int";
    case Kind::kUint:
      return arg.bits() == 64 ? "uint64" : arg.bits() == 16 ? "uint16" : arg.bits() == 8 ? "uint8" : "uint";
    case Kind::kChar: return "char";
    case Kind::kRune: return "rune";
    case Kind::kFloat: return arg.bits() == 32 ? "float32" : "float64";
    case Kind::kString: return "string";
    case Kind::kPointer: return "pointer";
    case Kind::kError:
    case Kind::kErrorCode: return "error";
    case Kind::kDuration: return "duration";
    case Kind::kList: return "list";
    case Kind::kStringer: return "object";
  }
  return "unknown";
}

void AppendValue(FormatBuffer& out, const FormatArg& arg, char32_t verb, const FormatSpec& spec) {
  if (verb == 'T') {
    AppendText(out, TypeName(arg), spec);
    return;
  }
  if (verb == 'p' && arg.kind() != Kind::kPointer) {
    AppendBadVerb(out, arg, verb, spec);
    return;
  }
  switch (arg.kind()) {
    case Kind::kNil: AppendNil(out, arg, verb, spec); break;
    case Kind::kBool: AppendBool(out, arg, verb, spec); break;
    case Kind::kInt: AppendSigned(out, arg, verb, spec); break;
    case Kind::kUint: AppendUnsigned(out, arg, verb, spec); break;
    case Kind::kChar: AppendChar(out, arg, verb, spec); break;
    case Kind::kRune: AppendRuneValue(out, arg, verb, spec); break;
    case Kind::kFloat: AppendFloatValue(out, arg, verb, spec); break;
    case Kind::kString: AppendStringValue(out, arg, arg.String(), verb, spec); break;
    case Kind::kPointer: AppendPointer(out, arg, verb, spec); break;
    case Kind::kError: AppendErrorValue(out, arg, arg.AsError(), verb, spec); break;
    case Kind::kErrorCode: AppendErrorValue(out, arg, Error(arg.Code()), verb, spec); break;
    case Kind::kDuration: AppendDurationValue(out, arg, verb, spec); break;
    case Kind::kList: AppendList(out, arg, verb, spec); break;
    case Kind::kStringer: AppendStringValue(out, arg, arg.Stringer().string(arg.Stringer().object), verb, spec); break;
  }
}

}  // namespace gale::internal
