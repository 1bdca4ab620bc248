// Package runtime_test measures Go's goroutines the way that benchmarks/runtime_bench.cc measures Gale's: a
// benchmark here and its namesake there do the same operations.
package runtime_test

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// Two goroutines yield to each other; one operation is one yield.
func BenchmarkYield(b *testing.B) {
	var both sync.WaitGroup
	both.Add(2)
	for i := 0; i < 2; i++ {
		go func() {
			defer both.Done()
			for n := 0; n < b.N/2; n++ {
				runtime.Gosched()
			}
		}()
	}
	both.Wait()
}

// A goroutine is started and ends. They come by the hundred, so that neither side waits for every single one.
func BenchmarkSpawnExit(b *testing.B) {
	const batch = 100
	var ended sync.WaitGroup
	for n := 0; n < b.N; n += batch {
		ended.Add(batch)
		for i := 0; i < batch; i++ {
			go ended.Done()
		}
		ended.Wait()
	}
}

// One round trip between two goroutines over unbuffered channels.
func BenchmarkChanPingPong(b *testing.B) {
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v
		}
	}()
	b.ResetTimer()
	for n := 0; n < b.N; n++ {
		ping <- n
		<-pong
	}
	close(ping)
}

// One item from a producer to a consumer over a channel with a buffer of 128.
func BenchmarkChanBuffered(b *testing.B) {
	items := make(chan int, 128)
	go func() {
		for n := 0; n < b.N; n++ {
			items <- n
		}
		close(items)
	}()
	for range items {
	}
}

// One goroutine sends to a buffered channel and receives from it.
func BenchmarkChanUncontended(b *testing.B) {
	items := make(chan int, 128)
	for n := 0; n < b.N; n++ {
		items <- n
		<-items
	}
}

// A goroutine selects over two unbuffered channels on which its partner sends in turns; per value.
func BenchmarkSelect2(b *testing.B) {
	left, right := make(chan int), make(chan int)
	go func() { // never ends; its last send finds nobody
		for {
			left <- 1
			right <- 2
		}
	}()
	b.ResetTimer()
	for n := 0; n < b.N; n++ {
		select {
		case <-left:
		case <-right:
		}
	}
}

// Two goroutines wake each other through sync.Cond, the nearest to park and ready that Go offers; per wake-up.
func BenchmarkPark(b *testing.B) {
	var lock sync.Mutex
	turns := sync.NewCond(&lock)
	turn, last := 0, b.N
	play := func(own int) {
		lock.Lock()
		defer lock.Unlock()
		for turn < last {
			for turn%2 != own && turn < last {
				turns.Wait()
			}
			turn++
			turns.Signal()
		}
	}
	var ended sync.WaitGroup
	ended.Add(2)
	b.ResetTimer()
	for own := 0; own < 2; own++ {
		go func(own int) {
			defer ended.Done()
			play(own)
		}(own)
	}
	ended.Wait()
}

// Lock and unlock of a mutex that nobody else wants.
func BenchmarkMutex(b *testing.B) {
	var mutex sync.Mutex
	for n := 0; n < b.N; n++ {
		mutex.Lock()
		mutex.Unlock()
	}
}

// A timer is started and stopped long before it fires.
func BenchmarkTimerStop(b *testing.B) {
	for n := 0; n < b.N; n++ {
		time.NewTimer(time.Hour).Stop()
	}
}

// A tree of goroutines ten wide and six deep: 1 111 111 of them. The million leaves send their numbers up.
func BenchmarkSkynet(b *testing.B) {
	for n := 0; n < b.N; n++ {
		result := make(chan int)
		go skynet(result, 0, 1000000)
		if sum := <-result; sum != 499999500000 {
			b.Fatalf("sum is %d", sum)
		}
	}
}

func skynet(result chan<- int, first, size int) {
	if size == 1 {
		result <- first
		return
	}
	children := make(chan int)
	for i := 0; i < 10; i++ {
		go skynet(children, first+i*size/10, size/10)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-children
	}
	result <- sum
}
