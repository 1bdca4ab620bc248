// The cases of a Select as OnRecv, OnSend and OnDefault make them: a SelectEntry with what depends on the type.
//
// A case is written inside the Select's parentheses and dies with them. So it holds references to the channel and the
// handler, and cannot be copied or moved; SelectCase keeps one for longer by making its Kept counterpart, which owns
// both.
#pragma once

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "gale/runtime/chan.h"
#include "gale/runtime/internal/chan_state.h"
#include "gale/runtime/internal/select_wait.h"

namespace gale::internal {

struct NoHandler {
  void operator()() const {}
};

// StoreInto is the handler of a receive into a variable.
template <typename T>
struct StoreInto {
  std::optional<T>& target;
  void operator()(std::optional<T>&& value) const {
    // Not assigned: a T need only be constructible by moving.
    target.reset();
    if (value) target.emplace(std::move(*value));
  }
};

template <typename Handler, typename T>
concept RecvHandler = std::is_invocable_v<Handler&, std::optional<T>> || std::is_invocable_v<Handler&>;

// HeldChan is a Chan<T> or a reference to one; HeldHandler likewise.
template <typename T, typename HeldChan, typename HeldHandler>
class RecvCase {
 public:
  using Kept = RecvCase<T, const Chan<T>, std::decay_t<HeldHandler>>;

  RecvCase(const Chan<T>& chan, HeldHandler&& handler) : chan_(chan), handler_(std::forward<HeldHandler>(handler)) {
    entry_.chan = ChanAccess::State(chan_);
    entry_.waiter.value = &value_;
    entry_.attempt = [](SelectEntry& entry, G*& partner) {
      auto& value = *static_cast<std::optional<T>*>(entry.waiter.value);
      return static_cast<ChanState<T>*>(entry.chan)->ReceiveLocked(value, partner);
    };
  }
  RecvCase(const RecvCase&) = delete;
  RecvCase& operator=(const RecvCase&) = delete;

  SelectEntry* Entry() {
    value_.reset();  // of the last time
    return &entry_;
  }

  void Handle() {
    if constexpr (std::is_invocable_v<HeldHandler&, std::optional<T>>) {
      handler_(std::move(value_));
    } else {
      handler_();
    }
  }

  Kept Keep() && { return Kept(chan_, std::decay_t<HeldHandler>(std::forward<HeldHandler>(handler_))); }

 private:
  HeldChan chan_;
  std::optional<T> value_;
  SelectEntry entry_;
  HeldHandler handler_;
};

template <typename T, typename HeldChan, typename HeldHandler>
class SendCase {
 public:
  using Kept = SendCase<T, const Chan<T>, std::decay_t<HeldHandler>>;

  SendCase(const Chan<T>& chan, T&& value, HeldHandler&& handler)
      : chan_(chan), value_(std::move(value)), handler_(std::forward<HeldHandler>(handler)) {
    entry_.chan = ChanAccess::State(chan_);
    entry_.sends = true;
    entry_.waiter.value = &value_;
    entry_.attempt = [](SelectEntry& entry, G*& partner) {
      auto& value_to_send = *static_cast<T*>(entry.waiter.value);
      return static_cast<ChanState<T>*>(entry.chan)->SendLocked(value_to_send, partner);
    };
  }
  SendCase(const SendCase&) = delete;
  SendCase& operator=(const SendCase&) = delete;

  SelectEntry* Entry() { return &entry_; }
  void Handle() { handler_(); }
  Kept Keep() && {
    return Kept(chan_, std::move(value_), std::decay_t<HeldHandler>(std::forward<HeldHandler>(handler_)));
  }

 private:
  HeldChan chan_;
  T value_;
  SelectEntry entry_;
  HeldHandler handler_;
};

template <typename HeldHandler>
class DefaultCase {
 public:
  using Kept = DefaultCase<std::decay_t<HeldHandler>>;

  explicit DefaultCase(HeldHandler&& handler) : handler_(std::forward<HeldHandler>(handler)) {}
  DefaultCase(const DefaultCase&) = delete;
  DefaultCase& operator=(const DefaultCase&) = delete;

  static SelectEntry* Entry() { return nullptr; }
  void Handle() { handler_(); }
  Kept Keep() && { return Kept(std::decay_t<HeldHandler>(std::forward<HeldHandler>(handler_))); }

 private:
  HeldHandler handler_;
};

template <typename Case>
inline constexpr bool kIsDefaultCase = false;
template <typename HeldHandler>
inline constexpr bool kIsDefaultCase<DefaultCase<HeldHandler>> = true;

// IsCase: what OnRecv, OnSend and OnDefault return, as a temporary.
template <typename Case>
concept IsCase = !std::is_reference_v<Case> && requires {
  typename Case::Kept;
};

// CaseList is filled with the cases in their order and then run.
template <std::size_t kCases>
class CaseList {
 public:
  void Add(SelectEntry* entry) {
    if (entry == nullptr) {
      default_index_ = added_++;
      return;
    }
    entry->index = added_++;
    entries_[count_++] = entry;
  }

  std::size_t Run() {
    std::size_t chosen = RunSelect(entries_, count_, count_ != kCases);
    return chosen == kDefaultCase ? default_index_ : chosen;
  }

 private:
  SelectEntry* entries_[2 * kCases];
  std::size_t count_ = 0;
  std::size_t added_ = 0;
  std::size_t default_index_ = 0;
};

}  // namespace gale::internal
