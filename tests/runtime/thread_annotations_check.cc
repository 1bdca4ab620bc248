// Compiled by thread_annotations_test.sh, once for each misuse: Clang must find it, and nothing else to complain of.
#include <shared_mutex>

#include "gale/runtime/runtime.h"

namespace {

class Account {
 public:
  void Deposit(int amount) {
    gale::MutexLock lock(mu_);
    balance_ += amount;
    changed_.Signal();
  }
  void AwaitPayment() {
    gale::MutexLock lock(mu_);
    while (balance_ < 0) changed_.Wait(mu_);
    changed_.Wait(mu_, [this]() GALE_REQUIRES(mu_) { return balance_ > 0; });
    --balance_;
  }
  bool TryDeposit() {
    if (!mu_.TryLock()) return false;
    ++balance_;
    mu_.Unlock();
    return true;
  }
  int Rate() {
    gale::ReaderLock reading(rate_mu_);
    return rate_;
  }
  void SetRate(int rate) {
    gale::WriterLock writing(rate_mu_);
    rate_ = rate;
  }

#if defined(TOUCHES_WITHOUT_THE_LOCK)
  void Misuse() { ++balance_; }
#elif defined(WRITES_AS_A_READER)
  void Misuse() {
    gale::ReaderLock reading(rate_mu_);
    rate_ = 3;
  }
#elif defined(FORGETS_TO_UNLOCK)
  void Misuse() { mu_.Lock(); }
#elif defined(UNLOCKS_TWICE)
  void Misuse() {
    mu_.Lock();
    mu_.Unlock();
    mu_.Unlock();
  }
#elif defined(WAITS_WITHOUT_THE_LOCK)
  void Misuse() { changed_.Wait(mu_); }
#endif

 private:
  gale::Mutex mu_;
  gale::Cond changed_;
  int balance_ GALE_GUARDED_BY(mu_) = 0;
  gale::RWMutex rate_mu_;
  int rate_ GALE_GUARDED_BY(rate_mu_) = 0;
};

}  // namespace

void UseAccount() {
  Account account;
  account.Deposit(1);
  account.AwaitPayment();
  account.TryDeposit();
  account.SetRate(account.Rate());
}
