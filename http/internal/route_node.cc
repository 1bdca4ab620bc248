#include "gale/http/internal/route_node.h"

namespace gale::http::internal {

void LiteralTable::Add(RouteNode& node) {
  std::size_t i = HashText(node.Literal()) & mask_;
  while (slots_[i].load(std::memory_order_relaxed) != nullptr) i = (i + 1) & mask_;
  slots_[i].store(&node, std::memory_order_release);
}

RouteNode& RouteNode::LiteralChild(std::string_view literal) {
  LiteralTable* table = tables_.empty() ? nullptr : tables_.back().get();
  if (table != nullptr) {
    if (RouteNode* child = table->Find(literal)) return *child;
  }
  RouteNode& child = *children_.emplace_back(std::make_unique<RouteNode>(literal));
  ++literal_count_;
  if (table != nullptr && literal_count_ * 2 <= table->Capacity()) {
    table->Add(child);
    return child;
  }
  auto larger = std::make_unique<LiteralTable>(table == nullptr ? 4 : table->Capacity() * 2);
  if (table != nullptr) table->ForEach([&](RouteNode& node) { larger->Add(node); });
  larger->Add(child);
  literals_.store(tables_.emplace_back(std::move(larger)).get(), std::memory_order_release);
  return child;
}

RouteNode& RouteNode::WildcardChild() {
  if (RouteNode* child = wildcard_.load(std::memory_order_relaxed)) return *child;
  RouteNode& child = *children_.emplace_back(std::make_unique<RouteNode>(""));
  wildcard_.store(&child, std::memory_order_release);
  return child;
}

}  // namespace gale::http::internal
