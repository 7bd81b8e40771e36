// Most tests here wait in one call for a program to end, during which this process hears nothing. Its conversation with vitest is given
// up after a minute without an answer, and with it all tests that come later: so they are heard after each.
import { afterEach } from 'vitest';

afterEach(() => new Promise((resolve) => setImmediate(resolve)));
