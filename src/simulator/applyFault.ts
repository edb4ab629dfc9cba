import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';
import type { Fault } from './SimulatorFaults.ts';

/** Lets a fault have its way; resolves with whether the answer has been taken care of. */
export async function applyFault(fault: Fault | null, reply: FastifyReply): Promise<boolean> {
  if (fault === null) return false;
  switch (fault.type) {
    case 'delay':
      await sleep(fault.delayMs);
      return false;
    case 'reset':
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return true;
    case 'answer':
      void reply
        .code(fault.status)
        .headers(fault.headers ?? {})
        .send(fault.body);
      return true;
    default:
      return false;
  }
}
