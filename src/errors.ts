// The one error type of the project and the wording of every class of error.
// Messages equal libvirt's where libvirt has one (libvirt: error codes and their texts, virterror).

/** libvirt's error numbers and what stands before the detail of each class. */
export const ERROR_CODES = {
  INTERNAL_ERROR: { number: 1, prefix: 'internal error: ' },
  NO_SUPPORT: { number: 3, prefix: 'this function is not supported by the connection driver: ' },
  NO_CONNECT: { number: 5, prefix: 'no connection driver available for ' },
  INVALID_ARG: { number: 8, prefix: 'invalid argument: ' },
  /** Text that stands alone: libvirt gives no class of its own to it (flags, file and parser messages). */
  PLAIN: { number: 8, prefix: '' },
  /** Where a document is no XML. */
  XML_DETAIL: { number: 35, prefix: '' },
  OPERATION_FAILED: { number: 9, prefix: 'operation failed: ' },
  NO_NAME: { number: 21, prefix: 'missing name information' },
  XML_ERROR: { number: 27, prefix: 'XML error: ' },
  CONF_SYNTAX: { number: 33, prefix: 'configuration file syntax error: ' },
  OPERATION_DENIED: { number: 29, prefix: 'operation forbidden: ' },
  OPERATION_FORBIDDEN_READONLY: { number: 29, prefix: 'operation forbidden: read only access prevents ' },
  /** A failed system call: `message` is what was tried, the kernel's word is appended. */
  SYSTEM_ERROR: { number: 38, prefix: '' },
  NO_SOURCE: { number: 19, prefix: 'missing source information for device ' },
  NO_TARGET: { number: 20, prefix: 'missing target information for device ' },
  NO_DOMAIN: { number: 42, prefix: 'Domain not found: ' },
  NO_NETWORK: { number: 43, prefix: 'Network not found: ' },
  INVALID_MAC: { number: 44, prefix: 'invalid MAC address: ' },
  NO_STORAGE_POOL: { number: 49, prefix: 'Storage pool not found: ' },
  NO_STORAGE_VOL: { number: 50, prefix: 'Storage volume not found: ' },
  NO_NODE_DEVICE: { number: 53, prefix: 'Node device not found: ' },
  OPERATION_INVALID: { number: 55, prefix: 'Requested operation is not valid: ' },
  NO_INTERFACE: { number: 57, prefix: 'Interface not found: ' },
  MULTIPLE_INTERFACES: { number: 59, prefix: 'multiple matching interfaces found: ' },
  NO_NWFILTER: { number: 62, prefix: 'Network filter not found: ' },
  NO_NWFILTER_BINDING: { number: 104, prefix: 'Network filter binding not found: ' },
  NO_SECRET: { number: 66, prefix: 'Secret not found: ' },
  CONFIG_UNSUPPORTED: { number: 67, prefix: 'unsupported configuration: ' },
  OPERATION_TIMEOUT: { number: 68, prefix: 'Timed out during operation: ' },
  HOOK_SCRIPT_FAILED: { number: 70, prefix: 'Hook script execution failed: ' },
  ARGUMENT_UNSUPPORTED: { number: 74, prefix: 'argument unsupported: ' },
  NO_DOMAIN_METADATA: { number: 80, prefix: 'metadata not found: ' },
  OPERATION_UNSUPPORTED: { number: 84, prefix: 'Operation not supported: ' },
  OVERFLOW: { number: 82, prefix: 'numerical overflow: ' },
  DEVICE_MISSING: { number: 99, prefix: 'device not found: ' },
  /** `storage volume 'v1' exists already`. */
  STORAGE_VOL_EXIST: { number: 90, prefix: 'storage volume ' },
  XML_INVALID_SCHEMA: { number: 92, prefix: 'XML document failed to validate against schema: ' },
  NO_NETWORK_PORT: { number: 107, prefix: 'network port not found: ' },
  NO_HOSTNAME: { number: 108, prefix: 'no hostname found: ' },
  NO_NETWORK_METADATA: { number: 111, prefix: 'metadata not found: ' },
} as const satisfies Record<string, { number: number; prefix: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** libvirt's numbers of those of its parts that errors of ours are of (virErrorDomain). */
export const ERROR_DOMAINS = {
  ...{ none: 0, xml: 5, rpc: 7, conf: 9, lxc: 17, storage: 18, network: 19, domain: 20, nodedev: 22, interface: 26, hook: 34 },
  ...{ secret: 30, nwfilter: 33, capabilities: 44 },
} as const;
export type ErrorDomain = keyof typeof ERROR_DOMAINS;

/** The driver that was asked, and the part of libvirt that reads its documents and offers its functions. */
const OFFERED_BY = {
  lxc: 'domain',
  network: 'network',
  storage: 'storage',
  nodedev: 'nodedev',
  interface: 'interface',
} as const satisfies Record<string, ErrorDomain>;
export type ErrorDriver = keyof typeof OFFERED_BY;

/** What is said, whatever driver was asked, by one part; or by the part that offers the driver's functions (`offer`). The rest is the driver's. */
const SAID_BY: Partial<Record<ErrorCode, ErrorDomain | 'offer'>> = {
  NO_SUPPORT: 'offer',
  NO_CONNECT: 'none',
  NO_NAME: 'offer',
  NO_SOURCE: 'offer',
  NO_TARGET: 'offer',
  XML_ERROR: 'offer',
  XML_DETAIL: 'offer',
  XML_INVALID_SCHEMA: 'xml',
  CONF_SYNTAX: 'conf',
  OPERATION_DENIED: 'offer',
  OPERATION_FORBIDDEN_READONLY: 'offer',
  OPERATION_FAILED: 'offer',
  NO_NETWORK: 'network',
  NO_SECRET: 'secret',
  NO_NWFILTER: 'nwfilter',
  NO_NWFILTER_BINDING: 'nwfilter',
  NO_NETWORK_PORT: 'network',
  INVALID_MAC: 'offer',
  HOOK_SCRIPT_FAILED: 'hook',
  NO_DOMAIN_METADATA: 'offer',
};

/** What is said elsewhere than its code tells. */
const SAID_ELSEWHERE: readonly [RegExp, ErrorDomain | 'offer'][] = [
  [/^XML error: (?:expecting root element of|Missing required attribute|Invalid value for attribute) '/, 'xml'],
  [/^Requested operation is not valid: domain is (?:not running|not persistent|transient)$/, 'offer'],
  [/^invalid argument: could not find capabilities /, 'capabilities'],
  [/^(?!unsupported flags )[^:]* in vir[A-Z]\w+ must /, 'offer'],
  [/^metadata title can't contain newlines$/, 'offer'],
  [/^unsupported configuration: unknown device type /, 'offer'],
  [/^invalid argument: '.*' is not a known interface$/, 'offer'],
  [/^(?:internal error: start cell \d+ out of range|Invalid cpuNum in vir)/, 'none'],
  [/^(?:argument unsupported: (?:Suspend|Hybrid)-|internal error: Network is already in use by )/, 'none'],
];

/** The part of libvirt that says it where the driver is asked for something: what clients call the error's domain. */
export function errorDomain({ code, message }: LibvirtError, driver: ErrorDriver): ErrorDomain {
  const said = SAID_ELSEWHERE.find(([words]) => words.test(message))?.[1] ?? SAID_BY[code] ?? driver;
  return said === 'offer' ? OFFERED_BY[driver] : said;
}

/**
 * What every function of `driver` and below throws.
 *
 * `message` is the whole line a user sees after `error: ` (prefix included). `context`, where present, is the
 * line before it: what the command was doing.
 */
export class LibvirtError extends Error {
  readonly code: ErrorCode;
  readonly context: string | undefined;

  constructor(code: ErrorCode, message: string, options: { context?: string | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'LibvirtError';
    this.code = code;
    this.context = options.context;
  }
}

/** An error of class `code`; the class's own words are put before `detail`. */
export function libvirtError(code: ErrorCode, detail = '', cause?: unknown): LibvirtError {
  const { prefix } = ERROR_CODES[code];
  return new LibvirtError(code, detail === '' ? prefix.trimEnd() : prefix + detail, { cause });
}

/** `what: No such file or directory`, from an errno (positive) or from an error that node:fs threw. */
export function systemError(what: string, reason: number | unknown): LibvirtError {
  const word = typeof reason === 'number' ? strerror(reason) : errnoWord(reason);
  return new LibvirtError('SYSTEM_ERROR', `${what}: ${word}`, { cause: reason });
}

/** Unsupported flags are refused by name of libvirt's driver function, as scripts know it. */
export function unsupportedFlags(flags: number, driverFunction: string): LibvirtError {
  return libvirtError('PLAIN', `unsupported flags (0x${flags.toString(16)}) in function ${driverFunction}`);
}

/** The error (made a LibvirtError if it is some other) with the line of what was being done before it. */
export function inContext(context: string, error: unknown): LibvirtError {
  const { code, message, cause } = asLibvirtError(error);
  return new LibvirtError(code, message, { context, cause });
}

/**
 * The one place that puts an error of the engine's into libvirt's words: a system call's by what it was called for and the
 * C library's sentence, never by the engine's message. Whatever else was thrown is a mistake of ours.
 */
export function asLibvirtError(error: unknown): LibvirtError {
  if (error instanceof LibvirtError) return error;
  if (isSystemError(error)) return systemError(attempt(error), error);
  return libvirtError('INTERNAL_ERROR', error instanceof Error ? error.message : String(error), error);
}

/** True for what the machine is to blame for: a call of the system's that failed, or what libvirt has words for. */
export const isFailure = (error: unknown): boolean => error instanceof LibvirtError || isSystemError(error);

interface SystemCallError extends Error {
  errno: number;
  syscall: string;
  path?: string;
  dest?: string;
}

function isSystemError(error: unknown): error is SystemCallError {
  return (
    error instanceof Error && 'errno' in error && typeof error.errno === 'number' && 'syscall' in error && typeof error.syscall === 'string'
  );
}

/** What such a call was for, as libvirt says it where it has a word for that. */
const ATTEMPTS = new Map([
  ['open', 'Failed to open file'],
  ['read', 'Failed to read file'],
  ['write', 'Failed to write file'],
  ['scandir', 'cannot open directory'],
  ['opendir', 'cannot open directory'],
  ['mkdir', 'cannot create directory'],
  ['stat', 'cannot stat'],
  ['lstat', 'cannot stat'],
  ['fstat', 'cannot stat'],
  ['statfs', 'cannot stat'],
  ['access', 'cannot access'],
  ['readlink', 'cannot read link'],
  ['symlink', 'cannot create symlink'],
  ['unlink', 'cannot remove file'],
  ['rm', 'cannot remove file'],
  ['rmdir', 'cannot remove directory'],
  ['rename', 'cannot rename file'],
  ['chmod', 'cannot set mode of'],
  ['chown', 'cannot set owner of'],
  ['fsync', 'cannot sync file'],
  ['kill', 'Failed to signal a process'],
]);

function attempt({ syscall, path, dest }: SystemCallError): string {
  const program = /^spawn(?:Sync)? (.*)$/.exec(syscall)?.[1];
  if (program !== undefined) return `cannot execute binary ${program}`;
  const words = ATTEMPTS.get(syscall) ?? `${syscall} failed`;
  return `${words}${path === undefined ? '' : ` '${path}'`}${dest === undefined ? '' : ` to '${dest}'`}`;
}

/** Runs `action`; whatever it throws leaves as a LibvirtError with `context` as its first line. */
export async function withContext<T>(context: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw inContext(context, error);
  }
}

/** What keeps `action` from being done, if anything does. A mistake of ours is passed on. */
export async function failureIn(action: () => unknown): Promise<LibvirtError | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return knownFailure(error);
  }
}

/** The same for what is done at once. */
export function failureInSync(action: () => void): LibvirtError | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return knownFailure(error);
  }
}

function knownFailure(error: unknown): LibvirtError {
  if (!isFailure(error)) throw error;
  return asLibvirtError(error);
}

/** The code of an error that node:fs threw (`ENOENT`), or undefined. */
export function errnoCode(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function errnoWord(error: unknown): string {
  const code = errnoCode(error);
  const number =
    typeof error === 'object' && error !== null && 'errno' in error && typeof error.errno === 'number' ? -error.errno : undefined;
  if (number !== undefined && STRERROR[number] !== undefined) return STRERROR[number];
  return code ?? (error instanceof Error ? error.message : String(error));
}

/** The C library's sentence for an errno (strerror(3), C locale). */
export function strerror(errno: number): string {
  return STRERROR[errno] ?? `Unknown error ${errno}`;
}

const STRERROR: Readonly<Record<number, string>> = {
  1: 'Operation not permitted',
  2: 'No such file or directory',
  3: 'No such process',
  4: 'Interrupted system call',
  5: 'Input/output error',
  6: 'No such device or address',
  7: 'Argument list too long',
  8: 'Exec format error',
  9: 'Bad file descriptor',
  10: 'No child processes',
  11: 'Resource temporarily unavailable',
  12: 'Cannot allocate memory',
  13: 'Permission denied',
  14: 'Bad address',
  15: 'Block device required',
  16: 'Device or resource busy',
  17: 'File exists',
  18: 'Invalid cross-device link',
  19: 'No such device',
  20: 'Not a directory',
  21: 'Is a directory',
  22: 'Invalid argument',
  23: 'Too many open files in system',
  24: 'Too many open files',
  25: 'Inappropriate ioctl for device',
  26: 'Text file busy',
  27: 'File too large',
  28: 'No space left on device',
  29: 'Illegal seek',
  30: 'Read-only file system',
  31: 'Too many links',
  32: 'Broken pipe',
  33: 'Numerical argument out of domain',
  34: 'Numerical result out of range',
  35: 'Resource deadlock avoided',
  36: 'File name too long',
  37: 'No locks available',
  38: 'Function not implemented',
  39: 'Directory not empty',
  40: 'Too many levels of symbolic links',
  42: 'No message of desired type',
  43: 'Identifier removed',
  44: 'Channel number out of range',
  45: 'Level 2 not synchronized',
  46: 'Level 3 halted',
  47: 'Level 3 reset',
  48: 'Link number out of range',
  49: 'Protocol driver not attached',
  50: 'No CSI structure available',
  51: 'Level 2 halted',
  52: 'Invalid exchange',
  53: 'Invalid request descriptor',
  54: 'Exchange full',
  55: 'No anode',
  56: 'Invalid request code',
  57: 'Invalid slot',
  59: 'Bad font file format',
  60: 'Device not a stream',
  61: 'No data available',
  62: 'Timer expired',
  63: 'Out of streams resources',
  64: 'Machine is not on the network',
  65: 'Package not installed',
  66: 'Object is remote',
  67: 'Link has been severed',
  68: 'Advertise error',
  69: 'Srmount error',
  70: 'Communication error on send',
  71: 'Protocol error',
  72: 'Multihop attempted',
  73: 'RFS specific error',
  74: 'Bad message',
  75: 'Value too large for defined data type',
  76: 'Name not unique on network',
  77: 'File descriptor in bad state',
  78: 'Remote address changed',
  79: 'Can not access a needed shared library',
  80: 'Accessing a corrupted shared library',
  81: '.lib section in a.out corrupted',
  82: 'Attempting to link in too many shared libraries',
  83: 'Cannot exec a shared library directly',
  84: 'Invalid or incomplete multibyte or wide character',
  85: 'Interrupted system call should be restarted',
  86: 'Streams pipe error',
  87: 'Too many users',
  88: 'Socket operation on non-socket',
  89: 'Destination address required',
  90: 'Message too long',
  91: 'Protocol wrong type for socket',
  92: 'Protocol not available',
  93: 'Protocol not supported',
  94: 'Socket type not supported',
  95: 'Operation not supported',
  96: 'Protocol family not supported',
  97: 'Address family not supported by protocol',
  98: 'Address already in use',
  99: 'Cannot assign requested address',
  100: 'Network is down',
  101: 'Network is unreachable',
  102: 'Network dropped connection on reset',
  103: 'Software caused connection abort',
  104: 'Connection reset by peer',
  105: 'No buffer space available',
  106: 'Transport endpoint is already connected',
  107: 'Transport endpoint is not connected',
  108: 'Cannot send after transport endpoint shutdown',
  109: 'Too many references: cannot splice',
  110: 'Connection timed out',
  111: 'Connection refused',
  112: 'Host is down',
  113: 'No route to host',
  114: 'Operation already in progress',
  115: 'Operation now in progress',
  116: 'Stale file handle',
  117: 'Structure needs cleaning',
  118: 'Not a XENIX named type file',
  119: 'No XENIX semaphores available',
  120: 'Is a named type file',
  121: 'Remote I/O error',
  122: 'Disk quota exceeded',
  123: 'No medium found',
  124: 'Wrong medium type',
  125: 'Operation canceled',
  126: 'Required key not available',
  127: 'Key has expired',
  128: 'Key has been revoked',
  129: 'Key was rejected by service',
  130: 'Owner died',
  131: 'State not recoverable',
  132: 'Operation not possible due to RF-kill',
  133: 'Memory page has hardware error',
};

/** The error for what needs a running domain. */
export const notRunning = () => libvirtError('OPERATION_INVALID', 'domain is not running');
