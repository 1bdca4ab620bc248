// The wire cases as C++ sees them: only their bytes. What must come back is for run_cases.py.
#pragma once

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace gale::http::testing {

struct WireCase {
  std::string id;
  std::string bytes;
};

// MemberOf is the value of a string member of a JSON object in one line, still escaped, or "" without it.
inline std::string_view MemberOf(std::string_view line, const std::string& name) {
  const std::string key = "\"" + name + "\": \"";
  const std::size_t begin = line.find(key);
  if (begin == std::string_view::npos) return {};
  line.remove_prefix(begin + key.size());
  std::size_t end = 0;
  while (line.at(end) != '"') end += line[end] == '\\' ? 2 : 1;
  return line.substr(0, end);
}

// Unescape resolves backslashes once: JSON's and Python's, as far as the cases use them.
inline std::string Unescape(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    if (text.front() != '\\') {
      plain += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::size_t digits = text.at(1) == 'x' ? 2 : text[1] == 'u' ? 4 : 0;
    switch (text[1]) {
      case 'r': plain += '\r'; break;
      case 'n': plain += '\n'; break;
      case 't': plain += '\t'; break;
      case 'x':
      case 'u': plain += static_cast<char>(std::stoul(std::string(text.substr(2, digits)), nullptr, 16)); break;
      case '"':
      case '\'':
      case '\\': plain += text[1]; break;
      default: throw std::runtime_error("unknown escape: " + std::string(text.substr(0, 2)));
    }
    text.remove_prefix(2 + digits);
  }
  return plain;
}

// ReadWireCases reads those that are nothing but bytes sent: no pauses, no half-closed connections.
inline std::vector<WireCase> ReadWireCases(const std::string& path) {
  std::vector<WireCase> cases;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!MemberOf(line, "mode").empty()) continue;
    cases.push_back({std::string(MemberOf(line, "id")), Unescape(Unescape(MemberOf(line, "bytes")))});
  }
  if (cases.empty()) throw std::runtime_error("no cases in " + path);
  return cases;
}

}  // namespace gale::http::testing
