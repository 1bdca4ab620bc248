#include "gale/runtime/blocking.h"

#include "gale/runtime/internal/handover.h"
#include "gale/runtime/internal/probes.h"

namespace gale::internal {

BlockingRegion::BlockingRegion() {
  G* g = CurrentGoroutine();
  gave_up_ = g != nullptr && GiveUpP(g->m);
  if (gave_up_) ProbeBlockingBegin(g);
}

BlockingRegion::~BlockingRegion() {
  if (!gave_up_) return;
  ProbeBlockingEnd(CurrentGoroutine());
  RegainP();
}

}  // namespace gale::internal
