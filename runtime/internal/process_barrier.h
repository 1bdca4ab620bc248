// ProcessBarrier: a full memory barrier in all threads of the process, made by one of them.
//
// It is the slow half of an asymmetric handshake. The fast side does a plain store, a compiler barrier and a plain
// load; the slow side stores, calls ProcessBarrier and loads. As with a fence on either side, at least one of the two
// sees the other's store. Source: membarrier(2).
#pragma once

namespace gale::internal {

// ProcessBarrier returns false where the kernel or a sandbox does not offer it: then nothing is ordered. Some
// microseconds, during which other threads are interrupted; without the expedited form some milliseconds.
bool ProcessBarrier();

}  // namespace gale::internal
