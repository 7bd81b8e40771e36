import { awaitCommand } from './domain/await.ts';
import { event } from './domain/event.ts';

export const eventCommands = [awaitCommand, event];
