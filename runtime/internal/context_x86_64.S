// Context switch for x86-64, System V ABI.
//
// Only what a called function must preserve is saved. mxcsr and the x87 control word are left alone: they are
// treated as constants of the process (docs: a goroutine must not change the rounding mode across a park).
//
// The frame, from the saved stack pointer upwards:
//
//    offset  0     8     16    24    32    40    48
//            r15   r14   r13   r12   rbx   rbp   return address
//
#include "gale/runtime/internal/context_offsets.h"

        .text

// void gale_switch_context(void** save_sp /* rdi */, void* load_sp /* rsi */)
// Saves the caller's context on its stack, stores its stack pointer in *save_sp and resumes the context whose
// stack pointer is load_sp. Every switch of the runtime returns through this one `ret`, from this one call site,
// so that the CPU's return-address prediction stays right.
        .globl  gale_switch_context
        .type   gale_switch_context, @function
        .p2align 4
gale_switch_context:
        .cfi_startproc
        endbr64
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        ret
        .cfi_endproc
        .size   gale_switch_context, .-gale_switch_context

// The first instructions of every goroutine: the switch "returns" here with the G in rbx (see
// context.h, InitialFrame). It calls gale_goroutine_main(G*), which never returns. The return address is marked
// undefined, so that unwinders and exceptions find the end of the stack here.
        .globl  gale_goroutine_start
        .type   gale_goroutine_start, @function
        .p2align 4
gale_goroutine_start:
        .cfi_startproc
        .cfi_undefined %rip
        endbr64
        xorl    %ebp, %ebp
        movq    %rbx, %rdi
        call    gale_goroutine_main
        ud2
        .cfi_endproc
        .size   gale_goroutine_start, .-gale_goroutine_start

        .section .note.GNU-stack, "", @progbits
