# Stands in for Abseil: traces show addresses without names.
add_library(absl::symbolize INTERFACE IMPORTED)
target_include_directories(absl::symbolize INTERFACE ${CMAKE_CURRENT_LIST_DIR})
