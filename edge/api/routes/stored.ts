import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { cloudEventSchema } from '../../../contract/cloud-event.ts';
import type { StoredBody } from '../../journal/reader.ts';

const rowSchema = z.object({ position: z.number().int(), event: cloudEventSchema });

export const historySchema = z.object({ history: z.array(rowSchema) });
export const eventPageSchema = z.object({
  events: z.array(rowSchema),
  next: z
    .number()
    .int()
    .optional()
    .describe('`before` of the next page, absent on the last; also a page without events may have one'),
});

/** Answers stored bodies byte for byte: they are joined, never parsed. */
export function sendRows(
  reply: FastifyReply,
  name: 'events' | 'history',
  rows: readonly StoredBody[],
  next?: number,
): FastifyReply {
  const joined = rows.map(({ position, body }) => `{"position":${position},"event":${body}}`).join(',');
  const cursor = next === undefined ? '' : `,"next":${next}`;
  return reply.type('application/json; charset=utf-8').send(`{"${name}":[${joined}]${cursor}}`);
}
