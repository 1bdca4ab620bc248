// Select: the hand-off protocol W1 to W5 and P1 to P4 (select_wait.h).

#include "gale/runtime/select.h"

#include "gale/runtime/go.h"
#include "gale/tests/model/check.h"
#include "gale/tests/model/world.h"

namespace gale::model {
namespace {

// Values are boxed, so that one that is handed over without order shows as a race.
using Boxed = std::unique_ptr<int>;

struct Chans {
  Chan<Boxed> left{0}, right{0};
  int exchanged = 0;
};

// Two threads in a Select, each of which sends what the other receives: exactly one exchange, whichever.
void TwoSelectsMeet() {
  StartRuntime(1);
  auto chans = std::make_shared<Chans>();
  Spawn("first", [=] {
    Select(OnSend(chans->left, std::make_unique<int>(1), [&] { ++chans->exchanged; }),
           OnRecv(chans->right, [&](std::optional<Boxed> value) {
             Expect(value && **value == 2, "wrong value");
             ++chans->exchanged;
           }));
  });
  Spawn("second", [=] {
    int got = 0;
    std::size_t chosen = Select(OnSend(chans->right, std::make_unique<int>(2)),
                                OnRecv(chans->left, [&](std::optional<Boxed> value) { got = value ? **value : -1; }));
    Expect(chosen == 0 || got == 1, "wrong value");
  });
  ExpectAllEnd();
  Expect(chans->exchanged == 1, "not exactly one exchange");
}

// A goroutine selects between a value and a close; the sender must not be taken unless its value was received.
void ValueAgainstClose() {
  StartRuntime(1);
  auto values = std::make_shared<Chan<Boxed>>(0);
  auto done = std::make_shared<Chan<int>>(0);
  Go([=] {
    bool got = false;
    bool closed = false;
    while (!got || !closed) {
      Chan<Boxed> open_values = got ? Chan<Boxed>{} : *values;
      Chan<int> open_done = closed ? Chan<int>{} : *done;
      Select(OnRecv(open_values,
                    [&](std::optional<Boxed> value) {
                      Expect(value && **value == 1, "wrong value");
                      got = true;
                    }),
             OnRecv(open_done, [&](std::optional<int> value) { closed = !value; }));
    }
  });
  Spawn("sender", [=] { values->Send(std::make_unique<int>(1)); });
  Spawn("closer", [=] { done->Close(); });
  ExpectAllEnd();
}

// Two Selects want the same value; the one that does not get it is released by the close.
void TwoSelectsCompete() {
  StartRuntime(1);
  auto values = std::make_shared<Chan<Boxed>>(0);
  auto done = std::make_shared<Chan<int>>(0);
  auto got = std::make_shared<std::array<int, 2>>();
  for (std::size_t i = 0; i < 2; ++i) {
    Spawn(i == 0 ? "first" : "second", [=] {
      // In opposite order, so that the locks' order is not that of the cases.
      if (i == 0) {
        Select(OnRecv(*values, [&](std::optional<Boxed> value) { (*got)[i] += **value; }), OnRecv(*done));
      } else {
        Select(OnRecv(*done), OnRecv(*values, [&](std::optional<Boxed> value) { (*got)[i] += **value; }));
      }
    });
  }
  Spawn("sender", [=] {
    values->Send(std::make_unique<int>(1));
    done->Close();
  });
  ExpectAllEnd();
  Expect((*got)[0] + (*got)[1] == 1, "the value was lost or received twice");
}

// One Select, three partners: a sender on each channel that looks before it waits, and nothing is lost.
void TrySendsAgainstSelect() {
  StartRuntime(1);
  auto chans = std::make_shared<Chans>();
  auto sent = std::make_shared<std::array<bool, 2>>();
  Spawn("left", [=] { (*sent)[0] = chans->left.TrySend(std::make_unique<int>(1)); });
  Spawn("right", [=] { (*sent)[1] = chans->right.TrySend(std::make_unique<int>(2)); });
  Spawn("selector", [=] {
    auto take = [&](std::optional<Boxed> value) { chans->exchanged += **value; };
    Select(OnRecv(chans->left, take), OnRecv(chans->right, take), OnDefault([] {}));
    // What is left over must still be possible.
  });
  ExpectAllEnd();
  Expect(chans->exchanged == ((*sent)[0] ? 1 : 0) + ((*sent)[1] ? 2 : 0), "a value was lost or made up");
}

constexpr Effort kLight{.preemptions = 1, .old_values = 1, .random_runs = 2'000};

TEST(SelectModel, TwoSelectsMeet) { Check(TwoSelectsMeet); }
TEST(SelectModel, ValueAgainstClose) { Check(ValueAgainstClose, kLight); }
TEST(SelectModel, TwoSelectsCompete) { Check(TwoSelectsCompete, kLight); }
TEST(SelectModel, TrySendsAgainstSelect) { Check(TrySendsAgainstSelect, kLight); }

}  // namespace
}  // namespace gale::model
