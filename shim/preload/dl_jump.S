/* SPDX-License-Identifier: MIT */
/* The exported dlsym, dlvsym and dlopen: each asks its decision (dl_call.h) and jumps to what that names, with the
 * program's return address, stack and arguments as they were. */

#if defined(__x86_64__)

/* Five words below the return address: one that aligns the stack, then struct dl_call upside down. */
.macro STAND_IN name, decide
	.text
	.globl \name
	.type \name, @function
	.p2align 4
\name:
	.cfi_startproc
	endbr64
	pushq (%rsp)
	.cfi_adjust_cfa_offset 8
	pushq %rdx
	.cfi_adjust_cfa_offset 8
	pushq %rsi
	.cfi_adjust_cfa_offset 8
	pushq %rdi
	.cfi_adjust_cfa_offset 8
	movq %rsp, %rdi
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	call \decide
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	popq %rdi
	.cfi_adjust_cfa_offset -8
	popq %rsi
	.cfi_adjust_cfa_offset -8
	popq %rdx
	.cfi_adjust_cfa_offset -8
	leaq 8(%rsp), %rsp
	.cfi_adjust_cfa_offset -8
	jmp *%rax
	.cfi_endproc
	.size \name, . - \name
.endm

#elif defined(__aarch64__)

/* Frame pointer and return address, then struct dl_call. */
.macro STAND_IN name, decide
	.text
	.globl \name
	.type \name, %function
	.p2align 4
\name:
	.cfi_startproc
	hint #34 /* bti c */
	stp x29, x30, [sp, #-48]!
	.cfi_def_cfa_offset 48
	.cfi_offset x29, -48
	.cfi_offset x30, -40
	mov x29, sp
	stp x0, x1, [sp, #16]
	stp x2, x30, [sp, #32]
	add x0, sp, #16
	bl \decide
	mov x16, x0
	ldp x0, x1, [sp, #16]
	ldr x2, [sp, #32]
	ldp x29, x30, [sp], #48
	.cfi_restore x30
	.cfi_restore x29
	.cfi_def_cfa_offset 0
	br x16
	.cfi_endproc
	.size \name, . - \name
.endm

#else
#error "the loader's functions have no stand-ins on this machine"
#endif

	.hidden dl_decide_dlsym
	.hidden dl_decide_dlvsym
	.hidden dl_decide_dlopen
STAND_IN dlsym, dl_decide_dlsym
STAND_IN dlvsym, dl_decide_dlvsym
STAND_IN dlopen, dl_decide_dlopen

	.section .note.GNU-stack, "", %progbits
