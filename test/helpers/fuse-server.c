/* A FUSE server that never answers: whoever looks into its file system waits in the kernel, where no signal ends that.
 * usage: fuse-server DEVICE FOLDER          serves until it is killed
 *        fuse-server DEVICE FOLDER itself   waits for itself, too, so that nothing but an abort of the connection ends it
 *        fuse-server DEVICE FOLDER hidden   the same, and takes its mount away
 *        fuse-server watch FILE             prints "watching", and "opened" when somebody opens the file */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int fuse;
static char inside[4096];

static void *serve(void *unused)
{
	static char request[1 << 20];
	(void)unused;
	while (read(fuse, request, sizeof request) > 0) {
		struct fuse_in_header *in = (void *)request;
		struct {
			struct fuse_out_header out;
			struct fuse_init_out init;
		} answer = { { sizeof answer, 0, in->unique }, { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096 } };
		if (in->opcode == FUSE_INIT && write(fuse, &answer, sizeof answer) < 0)
			return NULL;
	}
	return NULL;
}

static void *look(void *unused)
{
	struct stat facts;
	(void)unused;
	stat(inside, &facts);
	return NULL;
}

static int watch(const char *file)
{
	char event[4096];
	int fd = inotify_init();
	if (inotify_add_watch(fd, file, IN_OPEN) < 0)
		return 1;
	puts("watching");
	fflush(stdout);
	while (read(fd, event, sizeof event) > 0) {
		puts("opened");
		fflush(stdout);
	}
	return 1;
}

int main(int argc, char **argv)
{
	char options[128];
	pthread_t server, looker;
	if (argc > 2 && !strcmp(argv[1], "watch"))
		return watch(argv[2]);
	if (argc < 3 || (fuse = open(argv[1], O_RDWR)) < 0)
		return 2;
	snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse);
	if (mount("hang", argv[2], "fuse", 0, options) < 0)
		return 3;
	pthread_create(&server, NULL, serve, NULL);
	if (argc > 3) {
		snprintf(inside, sizeof inside, "%s/x", argv[2]);
		pthread_create(&looker, NULL, look, NULL);
		usleep(200000);
		if (!strcmp(argv[3], "hidden"))
			umount2(argv[2], MNT_DETACH);
	}
	mkdir("/up", 0755);
	for (;;)
		pause();
}
