// Channels: the hand-off between sender and receiver, and close.

#include "gale/runtime/chan.h"

#include "gale/runtime/go.h"
#include "gale/tests/model/check.h"
#include "gale/tests/model/world.h"

namespace gale::model {
namespace {

// Boxed shows by a race if a value is handed over without order.
using Boxed = std::unique_ptr<int>;

void ValuesPassInOrder(std::size_t capacity) {
  StartRuntime(2);
  auto chan = std::make_shared<Chan<Boxed>>(capacity);
  Go([=] {
    for (int i = 1; i <= 2; ++i) chan->Send(std::make_unique<int>(i));
    chan->Close();
  });
  Go([=] {
    int last = 0;
    while (std::optional<Boxed> value = chan->Recv()) Expect(**value == ++last, "out of order");
    Expect(last == 2, "a value was lost");
  });
  ExpectAllEnd();
}

// Two receivers on plain threads, one value, then the close: one gets the value, both end.
void CloseWakesAll() {
  StartRuntime(1);
  auto chan = std::make_shared<Chan<Boxed>>(0);
  auto got = std::make_shared<std::array<int, 2>>();
  for (int i = 0; i < 2; ++i) {
    Spawn(i == 0 ? "receiver" : "second", [=] {
      while (std::optional<Boxed> value = chan->Recv()) (*got)[static_cast<std::size_t>(i)] += **value;
    });
  }
  Spawn("sender", [=] {
    chan->Send(std::make_unique<int>(1));
    chan->Close();
  });
  ExpectAllEnd();
  Expect((*got)[0] + (*got)[1] == 1, "the value was lost or received twice");
}

constexpr Effort kLight{.preemptions = 1, .old_values = 1, .random_runs = 2'000};

TEST(ChanModel, ValuesPassInOrderUnbuffered) {
  Check([] { ValuesPassInOrder(0); }, kLight);
}
TEST(ChanModel, ValuesPassInOrderBuffered) {
  Check([] { ValuesPassInOrder(1); }, kLight);
}
TEST(ChanModel, CloseWakesAll) { Check(CloseWakesAll); }

}  // namespace
}  // namespace gale::model
