// The layout of the frame that a context switch leaves on the stack it leaves, shared by the assembly and by C++
// (context.h checks it with static_assert). Sizes and offsets are in bytes from the saved stack pointer.
#pragma once

#if defined(__x86_64__)
#define GALE_FRAME_R15 0
#define GALE_FRAME_R14 8
#define GALE_FRAME_R13 16
#define GALE_FRAME_R12 24
#define GALE_FRAME_RBX 32
#define GALE_FRAME_RBP 40
#define GALE_FRAME_PC 48
#define GALE_FRAME_SIZE 56
#elif defined(__aarch64__)
#define GALE_FRAME_X19 0
#define GALE_FRAME_X21 16
#define GALE_FRAME_X23 32
#define GALE_FRAME_X25 48
#define GALE_FRAME_X27 64
#define GALE_FRAME_FP 80
#define GALE_FRAME_PC 88
#define GALE_FRAME_D8 96
#define GALE_FRAME_D10 112
#define GALE_FRAME_D12 128
#define GALE_FRAME_D14 144
#define GALE_FRAME_SIZE 160
#else
#error "Gale's context switch is written for x86-64 and aarch64"
#endif
