// A call that is watched for exceptions, for x86-64: see throw_trace.h.

        .text

// void gale_call_traced(void (*function)(void*) /* rdi */, void* argument /* rsi */, void* trace /* rdx */)
// The personality finds `trace` in rbx.
        .globl  gale_call_traced
        .type   gale_call_traced, @function
        .p2align 4
gale_call_traced:
        .cfi_startproc
        .cfi_personality 0x1b, gale_throw_trace_personality
        endbr64
        pushq   %rbp
        .cfi_def_cfa_offset 16
        .cfi_offset %rbp, -16
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushq   %rbx
        .cfi_offset %rbx, -24
        subq    $8, %rsp
        movq    %rdx, %rbx
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    *%rax
        addq    $8, %rsp
        popq    %rbx
        .cfi_restore %rbx
        popq    %rbp
        .cfi_restore %rbp
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size   gale_call_traced, .-gale_call_traced

        .section .note.GNU-stack, "", @progbits
