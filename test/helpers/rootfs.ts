// A root for containers: busybox and nothing else.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const FILES: Record<string, string> = {
  'etc/passwd': 'root:x:0:0:root:/:/bin/sh\nuser:x:1000:100:user:/home/user:/bin/sh\n',
  'etc/group': 'root:x:0:\nusers:x:100:user\nstaff:x:50:user\n',
};

/** Makes a root in the new folder `folder`: /bin full of busybox, /etc/passwd, folders to mount on. */
export function makeRoot(folder: string): string {
  for (const name of ['bin', 'sbin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'home/user', 'mnt'])
    fs.mkdirSync(path.join(folder, name), { recursive: true });
  const busybox = execFileSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).trim();
  for (const library of librariesOf(busybox)) copy(library, path.join(folder, library));
  copy(busybox, path.join(folder, 'bin/busybox'));
  for (const name of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n')) {
    if (name && name !== 'busybox') fs.symlinkSync('busybox', path.join(folder, 'bin', name));
  }
  fs.symlinkSync('../bin/busybox', path.join(folder, 'sbin/init'));
  for (const [name, text] of Object.entries(FILES)) fs.writeFileSync(path.join(folder, name), text);
  return folder;
}

/** Puts a program and its libraries into a root, at its own path. */
export function copyProgram(program: string, folder: string): void {
  for (const file of [program, ...librariesOf(program)]) copy(file, path.join(folder, file));
}

function copy(from: string, to: string): void {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.copyFileSync(from, to);
}

/** What a program is linked with; nothing for a static one. */
function librariesOf(program: string): string[] {
  const listed = spawnSync('ldd', [program], { encoding: 'utf8' }).stdout ?? '';
  return [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, file]) => file!);
}
