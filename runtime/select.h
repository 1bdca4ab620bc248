// Select: wait for several channels at once, and do the one operation that is possible first.
//
//   gale::Chan<int> numbers(0), results(0), done(0);
//   gale::Select(gale::OnRecv(numbers, [&](std::optional<int> number) { ... }),   // std::nullopt: closed and empty
//                gale::OnSend(results, 7, [&] { ... }),
//                gale::OnRecv(done, [&] { ... }),                                 // whatever has come
//                gale::OnDefault([&] { ... }));                                   // if none of these can be done now
//
// Exactly one case is done, and its handler called on the caller's own goroutine after that; it may do anything, as the
// Select is over by then. If several are possible, each has the same chance. Without OnDefault the caller waits.
// Select returns the chosen case's position, so handlers may be left out:
//
//   std::optional<int> number;
//   switch (gale::Select(gale::OnRecv(numbers, number), gale::OnRecv(done))) {
//     case 0: Use(number); break;
//     case 1: return;
//   }
//
// Cases may also be put together at run time:
//
//   std::vector<gale::SelectCase> cases;
//   for (const gale::Chan<int>& input : inputs) cases.push_back(gale::OnRecv(input, [&](std::optional<int> n) { ...
//   })); std::size_t chosen = gale::Select(cases);
//
// A case on the nil channel is never possible: assigning Chan<T>{} to a variable switches its case off. A case that
// receives from a closed channel is always possible. A case that sends on a closed channel, once chosen, throws Panic
// "send on closed channel". A channel may occur in several cases, also for sending and for receiving. A Select without
// any case waits for ever.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "gale/runtime/chan.h"
#include "gale/runtime/internal/select_entry.h"

namespace gale {

// OnRecv is the case of a receive. The handler takes a std::optional<T>, what Chan<T>::Recv would return, or nothing.
// Like OnSend and OnDefault it refers to its arguments: write it inside the Select's parentheses, or make it a
// SelectCase.
template <typename T, internal::RecvHandler<T> Handler>
auto OnRecv(const Chan<T>& chan, Handler&& handler) {
  return internal::RecvCase<T, const Chan<T>&, Handler&&>(chan, std::forward<Handler>(handler));
}

// OnRecv into a variable, which is only changed if this case is chosen.
template <typename T>
auto OnRecv(const Chan<T>& chan, std::optional<T>& value) {
  return internal::RecvCase<T, const Chan<T>&, internal::StoreInto<T>>(chan, internal::StoreInto<T>{value});
}

template <typename T>
auto OnRecv(const Chan<T>& chan) {
  return internal::RecvCase<T, const Chan<T>&, internal::NoHandler>(chan, {});
}

// OnSend is the case of a send. The value is made before the Select begins, and dropped if another case is chosen.
template <typename T, std::invocable Handler>
auto OnSend(const Chan<T>& chan, std::type_identity_t<T> value, Handler&& handler) {
  return internal::SendCase<T, const Chan<T>&, Handler&&>(chan, std::move(value), std::forward<Handler>(handler));
}

template <typename T>
auto OnSend(const Chan<T>& chan, std::type_identity_t<T> value) {
  return internal::SendCase<T, const Chan<T>&, internal::NoHandler>(chan, std::move(value), {});
}

// OnDefault is the case that is chosen if no other is possible at once. A Select has at most one.
template <std::invocable Handler>
auto OnDefault(Handler&& handler) {
  return internal::DefaultCase<Handler&&>(std::forward<Handler>(handler));
}

inline auto OnDefault() { return internal::DefaultCase<internal::NoHandler>({}); }

// Select does one of the cases and returns its position among them, counted from 0. What its handler throws comes out.
// From goroutines and plain threads. Allocates nothing.
// Source: Go's select statement.
template <internal::IsCase... Cases>
requires(sizeof...(Cases) > 0) std::size_t Select(Cases&&... cases) {
  static_assert((0 + ... + int{internal::kIsDefaultCase<Cases>}) <= 1, "a Select has at most one OnDefault");
  internal::CaseList<sizeof...(Cases)> list;
  (list.Add(cases.Entry()), ...);
  std::size_t chosen = list.Run();
  std::size_t index = 0;
  (void)((index++ == chosen && (cases.Handle(), true)) || ...);
  return chosen;
}

[[noreturn]] inline void Select() { internal::ParkWithoutCases(); }

// SelectCase owns a case: a copy of the channel's handle, the handler and the value to send. To be used in one Select
// after the other, but only in one at a time. A send that was chosen has given its value away: assign a new case before
// the next Select.
class SelectCase {
 public:
  template <internal::IsCase Case>
  SelectCase(Case&& made)  // NOLINT(google-explicit-constructor): so that OnRecv(...) can be pushed into a vector
      : case_(std::make_unique<Kept<Case>>(std::move(made))) {}

 private:
  friend std::size_t Select(std::span<SelectCase> cases);

  struct AnyCase {
    virtual ~AnyCase() = default;
    virtual internal::SelectEntry* Entry() = 0;
    virtual void Handle() = 0;
  };

  template <typename Case>
  struct Kept final : AnyCase {
    explicit Kept(Case&& made) : kept(std::move(made).Keep()) {}
    internal::SelectEntry* Entry() override { return kept.Entry(); }
    void Handle() override { kept.Handle(); }
    typename Case::Kept kept;
  };

  std::unique_ptr<AnyCase> case_;
};

// Select over a number of cases that is known at run time only. Allocates if there are more than 16. Throws Panic if
// more than one is an OnDefault.
// Source: Go's reflect.Select.
std::size_t Select(std::span<SelectCase> cases);

}  // namespace gale
