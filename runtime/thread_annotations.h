// Thread annotations: what a lock guards, checked by Clang.
//
//   class Account {
//    public:
//     void Deposit(int amount) {
//       gale::MutexLock lock(mu_);
//       balance_ += amount;
//     }
//
//    private:
//     void Audit() GALE_REQUIRES(mu_);   // for those who hold mu_
//
//     gale::Mutex mu_;
//     int balance_ GALE_GUARDED_BY(mu_) = 0;
//   };
//
// Clang with -Wthread-safety warns where balance_ is touched without mu_. Other compilers see nothing. The standard's
// guards (std::lock_guard, ...) work with Gale's locks, but libstdc++'s tell Clang nothing: MutexLock, ReaderLock and
// WriterLock do.
// Reference: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#if defined(__clang__)
#define GALE_THREAD_ATTRIBUTE(attribute) __attribute__((attribute))
#else
#define GALE_THREAD_ATTRIBUTE(attribute)
#endif

// A type whose objects are locks; `name` is how warnings call it.
#define GALE_CAPABILITY(name) GALE_THREAD_ATTRIBUTE(capability(name))
// A type whose objects hold a lock from construction to destruction.
#define GALE_SCOPED_CAPABILITY GALE_THREAD_ATTRIBUTE(scoped_lockable)

// A member (or what it points to) that is touched only with the lock held.
#define GALE_GUARDED_BY(lock) GALE_THREAD_ATTRIBUTE(guarded_by(lock))
#define GALE_PT_GUARDED_BY(lock) GALE_THREAD_ATTRIBUTE(pt_guarded_by(lock))

// A function that is called with the locks held (exclusively, or at least shared), or without them.
#define GALE_REQUIRES(...) GALE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define GALE_REQUIRES_SHARED(...) GALE_THREAD_ATTRIBUTE(requires_shared_capability(__VA_ARGS__))
#define GALE_EXCLUDES(...) GALE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

// A function that takes or releases the locks; without an argument, its object. GALE_RELEASE_GENERIC releases either
// kind. GALE_TRY_ACQUIRE's first argument is what the function returns when it has taken the lock.
#define GALE_ACQUIRE(...) GALE_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define GALE_ACQUIRE_SHARED(...) GALE_THREAD_ATTRIBUTE(acquire_shared_capability(__VA_ARGS__))
#define GALE_RELEASE(...) GALE_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define GALE_RELEASE_SHARED(...) GALE_THREAD_ATTRIBUTE(release_shared_capability(__VA_ARGS__))
#define GALE_RELEASE_GENERIC(...) GALE_THREAD_ATTRIBUTE(release_generic_capability(__VA_ARGS__))
#define GALE_TRY_ACQUIRE(...) GALE_THREAD_ATTRIBUTE(try_acquire_capability(__VA_ARGS__))
#define GALE_TRY_ACQUIRE_SHARED(...) GALE_THREAD_ATTRIBUTE(try_acquire_shared_capability(__VA_ARGS__))

// A function that returns a reference to the lock.
#define GALE_RETURN_CAPABILITY(lock) GALE_THREAD_ATTRIBUTE(lock_returned(lock))
// The order in which locks are taken.
#define GALE_ACQUIRED_BEFORE(...) GALE_THREAD_ATTRIBUTE(acquired_before(__VA_ARGS__))
#define GALE_ACQUIRED_AFTER(...) GALE_THREAD_ATTRIBUTE(acquired_after(__VA_ARGS__))

// A function whose body is right in a way that the analysis cannot see: its comment says how.
#define GALE_NO_THREAD_SAFETY_ANALYSIS GALE_THREAD_ATTRIBUTE(no_thread_safety_analysis)
