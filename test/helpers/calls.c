/* Makes system calls by number: ABI:NAME:NUMBER:ARGUMENT... (x86_64, with the bit of x32 in the number or without, or i386 by
 * int 0x80). Writes a line for each: its words up to NAME, and its errno, 0, or "none" where the kernel has no such way in. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sigjmp_buf back;

static void on_fault(int signal)
{
	siglongjmp(back, signal);
}

static long by_interrupt(long number, const long *a)
{
#ifdef __x86_64__
	long result = number;
	__asm__ volatile("int $0x80" /* the sixth argument is whatever is in the frame pointer */
			 : "+a"(result)
			 : "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
			 : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
#else
	(void)number, (void)a;
	raise(SIGSEGV);
	return 0;
#endif
}

static long by_syscall(long number, const long *a)
{
#ifdef __x86_64__
	long result;
	register long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#else
	(void)number, (void)a;
	raise(SIGSEGV);
	return 0;
#endif
}

int main(int argc, char **argv)
{
	signal(SIGSEGV, on_fault);
	signal(SIGILL, on_fault);
	for (int i = 1; i < argc; i++) {
		char *abi = strtok(argv[i], ":"), *name = strtok(NULL, ":");
		long number = strtol(strtok(NULL, ":"), NULL, 0), args[6];
		for (int n = 0; n < 6; n++) {
			char *word = strtok(NULL, ":");
			args[n] = word ? (long)strtoul(word, NULL, 0) : -1;
		}
		printf("%s %s ", abi, name);
		fflush(stdout);
		if (sigsetjmp(back, 1)) {
			printf("none\n");
			continue;
		}
		long result = strcmp(abi, "i386") ? by_syscall(number, args) : by_interrupt(number, args);
		printf("%ld\n", result < 0 ? -result : 0);
	}
	return 0;
}
