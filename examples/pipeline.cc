// Goroutines and channels without a server: numbers flow through a few workers to the one who prints.
//
//   scripts/run pipeline --workers 3 --numbers 10
#include <chrono>
#include <cstdio>
#include <string>

#include "gale/examples/flags.h"
#include "gale/gale.h"

using namespace std::chrono_literals;

namespace {

struct Square {
  int number;
  int square;
  int worker;
};

// Generate returns the channel to which a goroutine of its own sends 1 to count.
gale::Chan<int> Generate(int count) {
  gale::Chan<int> numbers(0);
  gale::Go([numbers, count] {
    for (int i = 1; i <= count; ++i) numbers.Send(i);
    numbers.Close();
  });
  return numbers;
}

void SquareAll(const gale::Chan<int>& numbers, const gale::Chan<Square>& squares, int worker) {
  for (int number : numbers) {
    gale::Sleep(10ms);  // as if it were hard
    squares.Send(Square{number, number * number, worker});
  }
}

}  // namespace

int main(int argc, char** argv) {
  int workers = std::stoi(FlagValue(argc, argv, "--workers", "3"));
  gale::Chan<int> numbers = Generate(std::stoi(FlagValue(argc, argv, "--numbers", "10")));
  gale::Chan<Square> squares(0);

  gale::WaitGroup working;
  working.Add(workers);
  for (int worker = 1; worker <= workers; ++worker) {
    gale::Go([&working, numbers, squares, worker] {
      SquareAll(numbers, squares, worker);
      working.Done();
    });
  }
  gale::Go([&working, squares] {
    working.Wait();
    squares.Close();
  });

  for (const Square& result : squares) {
    std::printf("%d * %d = %d, says worker %d\n", result.number, result.number, result.square, result.worker);
  }
}
