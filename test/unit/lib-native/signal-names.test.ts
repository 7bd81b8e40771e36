import { expect, it } from 'vitest';
import { signalName } from '../../../lib-native/signal-names.ts';

it('signalName() writes signals as manuals do', () => {
  expect([9, 12, 15, 31, 34, 38].map(signalName)).toEqual(['SIGKILL', 'SIGUSR2', 'SIGTERM', 'SIGSYS', 'SIGRTMIN', 'SIGRTMIN+4']);
});
