/* SPDX-License-Identifier: MIT */
/* The instructions of the slots (slots.h): each gives its number to the one tail that they share, which keeps every
 * register in which an argument may be.  No client library's function takes floating-point arguments. */
#include "shim/preload/slots.h"

	.hidden slot_entries
	.hidden slot_use
	.globl slot_entries
	.text
	.p2align 4
	.cfi_startproc
	.set number, 0

#if defined(__x86_64__)

	.type slot_entries, @function
slot_entries:
	.rept SLOTS_MAX
	.p2align 4
	endbr64
	movl $number, %eax
	jmp 1f
	.set number, number + 1
	.endr
	.p2align 4
1:
	.irp register, rdi, rsi, rdx, rcx, r8, r9
	pushq %\register
	.cfi_adjust_cfa_offset 8
	.endr
	movl %eax, %edi
	movq 48(%rsp), %rsi
	subq $8, %rsp
	.cfi_adjust_cfa_offset 8
	call slot_use
	addq $8, %rsp
	.cfi_adjust_cfa_offset -8
	.irp register, r9, r8, rcx, rdx, rsi, rdi
	popq %\register
	.cfi_adjust_cfa_offset -8
	.endr
	jmp *%rax

#elif defined(__aarch64__)

	.type slot_entries, %function
slot_entries:
	.rept SLOTS_MAX
	.p2align 4
	hint #34 /* bti c */
	mov w9, #number
	b 1f
	.set number, number + 1
	.endr
	.p2align 4
1:
	stp x29, x30, [sp, #-96]!
	.cfi_def_cfa_offset 96
	.cfi_offset x29, -96
	.cfi_offset x30, -88
	mov x29, sp
	stp x0, x1, [sp, #16]
	stp x2, x3, [sp, #32]
	stp x4, x5, [sp, #48]
	stp x6, x7, [sp, #64]
	str x8, [sp, #80]
	mov w0, w9
	mov x1, x30
	bl slot_use
	mov x16, x0
	ldp x0, x1, [sp, #16]
	ldp x2, x3, [sp, #32]
	ldp x4, x5, [sp, #48]
	ldp x6, x7, [sp, #64]
	ldr x8, [sp, #80]
	ldp x29, x30, [sp], #96
	.cfi_restore x30
	.cfi_restore x29
	.cfi_def_cfa_offset 0
	br x16

#else
#error "looked-up functions have no slots on this machine"
#endif

	.cfi_endproc
	.size slot_entries, . - slot_entries

	.section .note.GNU-stack, "", %progbits
