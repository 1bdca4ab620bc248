// RouteNode: one place in the RoutingTree, reached by the segments of a path so far.
//
// Nodes and what hangs on them are only ever added. A reader walks them without a lock while one writer adds: every
// pointer that a reader follows is stored with release after its target is complete, and loaded with acquire.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gale/http/internal/pattern.h"
#include "gale/http/internal/short_text.h"

namespace gale::http {
class Handler;
}

namespace gale::http::internal {

// Route is one registration. Immutable once it is in a tree.
struct Route {
  Pattern pattern;
  std::shared_ptr<Handler> handler;
  std::string location;     // "file:line" of the registration
  std::size_t ordinal = 0;  // how many routes the tree had before
};

// RoutesByMethod are the routes that have all but the method in common. Does not own them.
class RoutesByMethod {
 public:
  // Find is the route for the method: its own, that of GET for HEAD, that of any method, or null.
  const Route* Find(std::string_view method) const {
    const Route* get = nullptr;
    for (const Entry* entry = named_.load(std::memory_order_acquire); entry != nullptr; entry = entry->next.get()) {
      if (SameText(entry->method, method)) return entry->route;
      if (SameText(entry->method, "GET")) get = entry->route;
    }
    return get != nullptr && method == "HEAD" ? get : any_.load(std::memory_order_acquire);
  }

  bool IsEmpty() const {
    return any_.load(std::memory_order_acquire) == nullptr && named_.load(std::memory_order_acquire) == nullptr;
  }

  template <typename Visit>
  void ForEach(Visit&& visit) const {
    if (const Route* route = any_.load(std::memory_order_acquire)) visit(*route);
    for (const Entry* entry = named_.load(std::memory_order_acquire); entry != nullptr; entry = entry->next.get()) {
      visit(*entry->route);
    }
  }

  // Add is for the one writer. No other route may have the same method. Its releases pair with the acquires above.
  void Add(const Route& route) {
    if (route.pattern.Method().empty()) {
      any_.store(&route, std::memory_order_release);
      return;
    }
    newest_ = std::make_unique<const Entry>(Entry{route.pattern.Method(), &route, std::move(newest_)});
    named_.store(newest_.get(), std::memory_order_release);
  }

 private:
  struct Entry {
    std::string_view method;
    const Route* route;
    std::unique_ptr<const Entry> next;
  };
  std::atomic<const Route*> any_{nullptr};
  std::atomic<const Entry*> named_{nullptr};
  std::unique_ptr<const Entry> newest_;  // the writer's, of the same list
};

class RouteNode;

// LiteralTable finds the child for a literal: open addressing, at most half full. The slots of a table only go
// from null to a node; a table that is full is replaced by a larger one, but lives on for readers that still walk it.
// Add's release pairs with the acquires of Find and ForEach.
class LiteralTable {
 public:
  explicit LiteralTable(std::size_t capacity) : mask_(capacity - 1), slots_(new std::atomic<RouteNode*>[capacity]()) {}
  std::size_t Capacity() const { return mask_ + 1; }
  RouteNode* Find(std::string_view literal) const;  // null if there is none
  void Add(RouteNode& node);

  template <typename Visit>
  void ForEach(Visit&& visit) const {
    for (std::size_t i = 0; i <= mask_; ++i) {
      if (RouteNode* node = slots_[i].load(std::memory_order_acquire)) visit(*node);
    }
  }

 private:
  std::size_t mask_;  // the capacity, a power of two, less one
  std::unique_ptr<std::atomic<RouteNode*>[]> slots_;
};

// RouteNode has a child per next segment, and the routes of the patterns that end here. The const functions may run
// in parallel with the others; of the others one at a time, whose releases pair with the acquires of the former.
class RouteNode {
 public:
  explicit RouteNode(std::string_view literal) : literal_(literal) {}
  RouteNode(const RouteNode&) = delete;
  RouteNode& operator=(const RouteNode&) = delete;

  const std::string& Literal() const { return literal_; }  // the segment that leads here, "" for a wildcard
  bool HasLiterals() const { return literals_.load(std::memory_order_acquire) != nullptr; }

  const RouteNode* FindLiteral(std::string_view literal) const {
    const LiteralTable* table = literals_.load(std::memory_order_acquire);
    return table == nullptr ? nullptr : table->Find(literal);
  }
  const RouteNode* Wildcard() const { return wildcard_.load(std::memory_order_acquire); }

  template <typename Visit>
  void ForEachChild(Visit&& visit) const {
    if (const LiteralTable* table = literals_.load(std::memory_order_acquire)) table->ForEach(visit);
    if (RouteNode* node = wildcard_.load(std::memory_order_acquire)) visit(*node);
  }

  const RoutesByMethod& Here() const { return here_; }  // of patterns whose last segment leads here
  const RoutesByMethod& End() const { return end_; }    // of patterns that go on with {$}
  const RoutesByMethod& Rest() const { return rest_; }  // of patterns that go on with a rest

  RouteNode& LiteralChild(std::string_view literal);
  RouteNode& WildcardChild();
  RoutesByMethod& Here() { return here_; }
  RoutesByMethod& End() { return end_; }
  RoutesByMethod& Rest() { return rest_; }

 private:
  std::string literal_;
  std::atomic<const LiteralTable*> literals_{nullptr};
  std::atomic<RouteNode*> wildcard_{nullptr};
  RoutesByMethod here_;
  RoutesByMethod end_;
  RoutesByMethod rest_;
  // For the writer: what the atomics above point to, and the tables they pointed to before.
  std::vector<std::unique_ptr<RouteNode>> children_;
  std::vector<std::unique_ptr<LiteralTable>> tables_;
  std::size_t literal_count_ = 0;
};

inline RouteNode* LiteralTable::Find(std::string_view literal) const {
  for (std::size_t i = HashText(literal) & mask_;; i = (i + 1) & mask_) {
    RouteNode* node = slots_[i].load(std::memory_order_acquire);
    if (node == nullptr || SameText(node->Literal(), literal)) return node;
  }
}

}  // namespace gale::http::internal
