#pragma once

namespace absl {

inline void InitializeSymbolizer(const char*) {}
inline bool Symbolize(const void*, char*, int) { return false; }

}  // namespace absl
