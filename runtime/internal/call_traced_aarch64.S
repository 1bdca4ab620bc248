// A call that is watched for exceptions, for aarch64: see throw_trace.h.

        .text

// void gale_call_traced(void (*function)(void*) /* x0 */, void* argument /* x1 */, void* trace /* x2 */)
// The personality finds `trace` in x19.
        .globl  gale_call_traced
        .type   gale_call_traced, %function
        .p2align 4
gale_call_traced:
        .cfi_startproc
        .cfi_personality 0x1b, gale_throw_trace_personality
        hint    #34                     // bti c
        stp     x29, x30, [sp, #-32]!
        .cfi_def_cfa_offset 32
        .cfi_offset x29, -32
        .cfi_offset x30, -24
        mov     x29, sp
        str     x19, [sp, #16]
        .cfi_offset x19, -16
        mov     x19, x2
        mov     x9, x0
        mov     x0, x1
        blr     x9
        ldr     x19, [sp, #16]
        .cfi_restore x19
        ldp     x29, x30, [sp], #32
        .cfi_restore x29
        .cfi_restore x30
        .cfi_def_cfa_offset 0
        ret
        .cfi_endproc
        .size   gale_call_traced, .-gale_call_traced

        .section .note.GNU-stack, "", @progbits
