/* Tries to write a record of an end, as only who runs containers should. Says what became of it. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { VIRT_CONTROL = 2500 };

static int say(const char *what, int error)
{
	return printf("%s%s\n", what, error ? strerror(error) : "written") < 0;
}

int main(void)
{
	static const char text[] = "virt=lxc op=stop reason=destroyed vm=\"other\" uuid=? vm-pid=0 res=success";
	struct {
		struct nlmsghdr head;
		char text[sizeof text];
	} request = { .head = { .nlmsg_len = sizeof request, .nlmsg_type = VIRT_CONTROL, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK } };
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char rest[512];
	} answer;
	int audit = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);

	if (audit < 0)
		return say("no socket: ", errno);
	memcpy(request.text, text, sizeof text);
	if (send(audit, &request, sizeof request, 0) < 0 || recv(audit, &answer, sizeof answer, 0) < 0)
		return say("not sent: ", errno);
	return say("", -answer.error.error);
}
