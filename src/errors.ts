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
  OPERATION_FAILED: { number: 9, prefix: 'operation failed: ' },
  NO_NAME: { number: 21, prefix: 'missing name information' },
  XML_ERROR: { number: 27, prefix: 'XML error: ' },
  OPERATION_DENIED: { number: 29, prefix: 'operation forbidden: ' },
  OPERATION_FORBIDDEN_READONLY: { number: 29, prefix: 'operation forbidden: read only access prevents ' },
  /** A failed system call: `message` is what was tried, the kernel's word is appended. */
  SYSTEM_ERROR: { number: 38, prefix: '' },
  NO_SOURCE: { number: 18, prefix: 'missing source information for device ' },
  NO_TARGET: { number: 19, prefix: 'missing target information for device ' },
  NO_DOMAIN: { number: 42, prefix: 'Domain not found: ' },
  NO_NETWORK: { number: 43, prefix: 'Network not found: ' },
  OPERATION_INVALID: { number: 55, prefix: 'Requested operation is not valid: ' },
  CONFIG_UNSUPPORTED: { number: 67, prefix: 'unsupported configuration: ' },
  OPERATION_TIMEOUT: { number: 68, prefix: 'Timed out during operation: ' },
  HOOK_SCRIPT_FAILED: { number: 71, prefix: 'Hook script execution failed: ' },
  ARGUMENT_UNSUPPORTED: { number: 74, prefix: 'argument unsupported: ' },
  NO_DOMAIN_METADATA: { number: 80, prefix: 'metadata not found: ' },
  OPERATION_UNSUPPORTED: { number: 84, prefix: 'Operation not supported: ' },
  OVERFLOW: { number: 87, prefix: 'numerical overflow: ' },
  DEVICE_MISSING: { number: 99, prefix: 'device not found: ' },
  XML_INVALID_SCHEMA: { number: 92, prefix: 'XML document failed to validate against schema: ' },
  NO_HOSTNAME: { number: 107, prefix: 'no hostname found: ' },
} as const satisfies Record<string, { number: number; prefix: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

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
  return new LibvirtError(code, ERROR_CODES[code].prefix + detail, { cause });
}

/** `what: No such file or directory`, from an errno (positive) or from an error that Node's fs threw. */
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
  if (error instanceof LibvirtError) return new LibvirtError(error.code, error.message, { context, cause: error.cause });
  return new LibvirtError('INTERNAL_ERROR', `internal error: ${error instanceof Error ? error.message : String(error)}`, {
    context,
    cause: error,
  });
}

/** Runs `action`; whatever it throws leaves as a LibvirtError with `context` as its first line. */
export async function withContext<T>(context: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw inContext(context, error);
  }
}

/** The code of an error that Node's fs threw (`ENOENT`), or undefined. */
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
  36: 'File name too long',
  38: 'Function not implemented',
  39: 'Directory not empty',
  40: 'Too many levels of symbolic links',
  62: 'Timer expired',
  71: 'Protocol error',
  75: 'Value too large for defined data type',
  87: 'Too many users',
  95: 'Operation not supported',
  97: 'Address family not supported by protocol',
  98: 'Address already in use',
  99: 'Cannot assign requested address',
  100: 'Network is down',
  101: 'Network is unreachable',
  104: 'Connection reset by peer',
  105: 'No buffer space available',
  107: 'Transport endpoint is not connected',
  110: 'Connection timed out',
  111: 'Connection refused',
  113: 'No route to host',
  114: 'Operation already in progress',
  122: 'Disk quota exceeded',
};
