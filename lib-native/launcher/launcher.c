/* virsh-lxc, and every other name of the program: runs the compiled program beside it (virsh-lxc.bin) without the variables
 * by which the environment steers its runtime. The runtime reads them before any line of ours: with BUN_OPTIONS it loads
 * scripts, with BUN_BE_BUN it is another program. Two of them are ours to set, and the program takes them away again
 * (lib-native/runtime.ts).
 *
 * Every command starts with this, so it has no C library: that one's start costs more than all of this. */
#include <asm/socket.h>
#include <asm/unistd.h>
#include <errno.h>
#include <linux/fcntl.h>
#include <linux/resource.h>
#include <stddef.h>

/* What these begin with is read by Bun and what it consists of (test/integration/environment.test.ts asks the program itself). */
static const char *const STEERING[] = {
	"BUN_", "NODE_",			    /* the runtime, its inspector and its options of JavaScriptCore */
	"JSC_", "WTF_", "JavaScriptCore", "WebKit", /* JavaScriptCore */
	"Malloc", "MIMALLOC_", "mimalloc_",	    /* allocators */
	"SIMDUTF_", "ICU_", "UV_",		    /* libraries */
	"DEBUG_ASYNC",				    /* koffi */
};

/* No command runs for long enough to earn back what it costs to compile a function for the processor. */
static char WITHOUT_COMPILER[] = "BUN_JSC_useJIT=0";
/* The heap in huge pages: a thousand page faults less, and some megabytes more, which whoever waits for clients would keep. */
static char HUGE_PAGES[] = "MIMALLOC_ALLOW_THP=1";
/* Whoever waits collects its garbage when there is so much of it, instead of 8 MB, which it would keep. */
static char SMALL_HEAP[] = "BUN_JSC_largeHeapSize=1048576";

/* The names by which the program waits (src/virsh/program.ts). */
static const char *const WAITING[] = { "virsh-lxc-rpc", "virt-ssh-helper" };

static const char PROGRAM[] = "virsh-lxc.bin";
static const char SELF[] = "/proc/self/exe";
#define PATH_BYTES 4096

#if defined __x86_64__
__asm__(".globl _start\n_start:\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall launch\n");

static long call5(long number, long a, long b, long c, long d, long e)
{
	register long fourth __asm__("r10") = d;
	register long fifth __asm__("r8") = e;
	long result;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined __aarch64__
__asm__(".globl _start\n_start:\n\tmov x0, sp\n\tbl launch\n");

static long call5(long number, long a, long b, long c, long d, long e)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}
#else
#error "the runtime is not made for this processor"
#endif

static long call(long number, long a, long b, long c, long d)
{
	return call5(number, a, b, c, d, 0);
}

static int begins(const char *text, const char *with)
{
	while (*with)
		if (*text++ != *with++)
			return 0;
	return 1;
}

static int steers(const char *variable)
{
	for (size_t i = 0; i < sizeof STEERING / sizeof *STEERING; i++)
		if (begins(variable, STEERING[i]))
			return 1;
	return 0;
}

static int waits(const char *called)
{
	const char *name = called;
	for (const char *at = called; *at; at++)
		if (*at == '/')
			name = at + 1;
	for (size_t i = 0; i < sizeof WAITING / sizeof *WAITING; i++)
		if (begins(name, WAITING[i]))
			return 1;
	return 0;
}

static void say(const char *text)
{
	size_t length = 0;
	while (text[length])
		length++;
	call(__NR_write, 2, (long)text, (long)length, 0);
}

static const char *reason(long error)
{
	switch (error) {
	case -ENOENT:
		return "No such file or directory";
	case -EACCES:
		return "Permission denied";
	case -ENOMEM:
		return "Cannot allocate memory";
	case -E2BIG:
		return "Argument list too long";
	default:
		return "it cannot be executed";
	}
}

/* The runtime reserves so much before its first line, and what it says where it cannot is for its makers. */
#define ADDRESS_SPACE (384ul << 20)

static void require_address_space(void)
{
	struct rlimit64 limit = { 0 };
	if (call(__NR_prlimit64, 0, RLIMIT_AS, 0, (long)&limit) < 0 || limit.rlim_cur >= ADDRESS_SPACE)
		return;
	say("virsh-lxc: cannot run: the limit of address space (ulimit -v) is below 384 MiB\n");
	call(__NR_exit_group, 1, 0, 0, 0);
}

/* The program waits for its client's first calls by reading alone (src/rpc/frame-connection.ts), which is to end where none come:
 * then it waits for other things, too. What is no socket refuses this. */
static void end_silent_reads(void)
{
	static const long third_of_a_second[] = { 0, 300000 }; /* struct timeval */
	call5(__NR_setsockopt, 0, SOL_SOCKET, SO_RCVTIMEO, (long)third_of_a_second, sizeof third_of_a_second);
}

/* `stack`: argc, argv, NULL, the environment, NULL, as the kernel lays them out. */
_Noreturn __attribute__((used)) static void launch(long *stack)
{
	static char program[PATH_BYTES + sizeof PROGRAM];
	char **argv = (char **)(stack + 1);
	char **env = argv + *stack + 1;
	char **kept = env;
	require_address_space();
	for (char **variable = env; *variable; variable++)
		if (!steers(*variable))
			*kept++ = *variable;
	/* At most two words further than before: into the auxiliary vector, which is longer, and which only a C library would read. */
	*kept++ = WITHOUT_COMPILER;
	int serves = *stack > 0 && waits(argv[0]);
	*kept++ = serves ? SMALL_HEAP : HUGE_PAGES;
	if (serves)
		end_silent_reads();
	*kept = NULL;
	long failure = call(__NR_readlinkat, AT_FDCWD, (long)SELF, (long)program, PATH_BYTES);
	if (failure > 0) {
		size_t folder = (size_t)failure;
		while (folder > 0 && program[folder - 1] != '/')
			folder--;
		for (size_t i = 0; i < sizeof PROGRAM; i++)
			program[folder + i] = PROGRAM[i];
		failure = call(__NR_execve, (long)program, (long)argv, (long)env, 0);
	}
	say("virsh-lxc: cannot run ");
	say(*program ? program : SELF);
	say(": ");
	say(reason(failure));
	say("\n");
	for (;;)
		call(__NR_exit_group, 1, 0, 0, 0);
}
