import { event } from './domain/event.ts';

export const eventCommands = [event];
