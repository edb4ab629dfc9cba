import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Fault } from './SimulatorFaults.ts';

/** Lets a fault have its way; resolves with whether the call has been answered, or ended, by it. */
export async function applyFault(fault: Fault | null, reply: FastifyReply): Promise<boolean> {
  if (fault === null) return false;
  if (fault.delayMs !== undefined) await sleep(fault.delayMs, undefined, { ref: false });
  switch (fault.type) {
    case 'delay':
      return false;
    case 'reset':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return true;
    case 'answer':
      await reply
        .code(fault.status)
        .headers(fault.headers ?? {})
        .send(fault.body);
      return true;
  }
}
