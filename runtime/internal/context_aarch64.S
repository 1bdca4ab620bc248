// Context switch for aarch64, AAPCS64.
//
// Only what a called function must preserve is saved: x19 to x28, the frame pointer x29, the link register x30
// and the low halves of v8 to v15. fpcr is left alone, as a constant of the process.
//
// The frame, from the saved stack pointer upwards:
//
//    offset  0        16       32       48       64       80       96     112      128      144
//            x19 x20  x21 x22  x23 x24  x25 x26  x27 x28  x29 x30  d8 d9  d10 d11  d12 d13  d14 d15
//
#include "gale/runtime/internal/context_offsets.h"

        .text

// void gale_switch_context(void** save_sp /* x0 */, void* load_sp /* x1 */)
// Saves the caller's context on its stack, stores its stack pointer in *save_sp and resumes the context whose
// stack pointer is load_sp.
        .globl  gale_switch_context
        .type   gale_switch_context, %function
        .p2align 4
gale_switch_context:
        .cfi_startproc
        hint    #34                     // bti c
        sub     sp, sp, #GALE_FRAME_SIZE
        .cfi_adjust_cfa_offset GALE_FRAME_SIZE
        stp     x19, x20, [sp, #GALE_FRAME_X19]
        stp     x21, x22, [sp, #GALE_FRAME_X21]
        stp     x23, x24, [sp, #GALE_FRAME_X23]
        stp     x25, x26, [sp, #GALE_FRAME_X25]
        stp     x27, x28, [sp, #GALE_FRAME_X27]
        stp     x29, x30, [sp, #GALE_FRAME_FP]
        .cfi_rel_offset x19, GALE_FRAME_X19
        .cfi_rel_offset x20, GALE_FRAME_X19 + 8
        .cfi_rel_offset x21, GALE_FRAME_X21
        .cfi_rel_offset x22, GALE_FRAME_X21 + 8
        .cfi_rel_offset x23, GALE_FRAME_X23
        .cfi_rel_offset x24, GALE_FRAME_X23 + 8
        .cfi_rel_offset x25, GALE_FRAME_X25
        .cfi_rel_offset x26, GALE_FRAME_X25 + 8
        .cfi_rel_offset x27, GALE_FRAME_X27
        .cfi_rel_offset x28, GALE_FRAME_X27 + 8
        .cfi_rel_offset x29, GALE_FRAME_FP
        .cfi_rel_offset x30, GALE_FRAME_PC
        stp     d8, d9, [sp, #GALE_FRAME_D8]
        stp     d10, d11, [sp, #GALE_FRAME_D10]
        stp     d12, d13, [sp, #GALE_FRAME_D12]
        stp     d14, d15, [sp, #GALE_FRAME_D14]
        mov     x9, sp
        str     x9, [x0]
        mov     sp, x1
        ldp     x19, x20, [sp, #GALE_FRAME_X19]
        ldp     x21, x22, [sp, #GALE_FRAME_X21]
        ldp     x23, x24, [sp, #GALE_FRAME_X23]
        ldp     x25, x26, [sp, #GALE_FRAME_X25]
        ldp     x27, x28, [sp, #GALE_FRAME_X27]
        ldp     x29, x30, [sp, #GALE_FRAME_FP]
        ldp     d8, d9, [sp, #GALE_FRAME_D8]
        ldp     d10, d11, [sp, #GALE_FRAME_D10]
        ldp     d12, d13, [sp, #GALE_FRAME_D12]
        ldp     d14, d15, [sp, #GALE_FRAME_D14]
        add     sp, sp, #GALE_FRAME_SIZE
        .cfi_adjust_cfa_offset -GALE_FRAME_SIZE
        .cfi_restore x19
        .cfi_restore x20
        .cfi_restore x21
        .cfi_restore x22
        .cfi_restore x23
        .cfi_restore x24
        .cfi_restore x25
        .cfi_restore x26
        .cfi_restore x27
        .cfi_restore x28
        .cfi_restore x29
        .cfi_restore x30
        ret
        .cfi_endproc
        .size   gale_switch_context, .-gale_switch_context

// The first instructions of every goroutine: the switch "returns" here with the G in x19 (see context.h,
// InitialFrame). It calls gale_goroutine_main(G*), which never returns. The return address is marked undefined, so
// that unwinders and exceptions find the end of the stack here.
        .globl  gale_goroutine_start
        .type   gale_goroutine_start, %function
        .p2align 4
gale_goroutine_start:
        .cfi_startproc
        .cfi_undefined x30
        hint    #36                     // bti j
        mov     x29, xzr
        mov     x0, x19
        bl      gale_goroutine_main
        brk     #1
        .cfi_endproc
        .size   gale_goroutine_start, .-gale_goroutine_start

        .section .note.GNU-stack, "", %progbits
