import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Alarm } from '../../../contract/alarm.ts';
import {
  checkAnswerSchema,
  checkRequestSchema,
  dutyCodeSchema,
  dutyViewSchema,
  handoverRequestSchema,
  shiftRequestSchema,
} from '../../../contract/duty.ts';
import type { DutyDesk, DutyResult } from '../../duty/duty-desk.ts';
import { sessionOf } from '../access.ts';
import type { Discretion } from '../audience.ts';
import { actorOf, answered, checkStored } from '../move-answer.ts';
import { problems } from '../openapi.ts';
import type { SecondPersons } from '../second-person.ts';

/** Duty as the API sees it. */
export type DutyPort = Pick<
  DutyDesk,
  'view' | 'hasCode' | 'shift' | 'handOver' | 'startCheck' | 'answer' | 'setCode'
>;

export interface DutyRoutes {
  duty: DutyPort;
  seconds: SecondPersons;
  discretion: Discretion;
}

const tags = ['duty'];
const answers = problems(202, 400, 401, 403, 404, 409, 413, 429, 503);

/** Shifts, hand-over (交接班) and duty checks (查岗). */
export function dutyRoutes(app: FastifyInstance, { duty, seconds, discretion }: DutyRoutes): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();

  /** A station hears nothing of a silent alarm in its own room, so nobody signs for one there. */
  const shownTo = (request: FastifyRequest) => {
    const audience = discretion.audienceOf(sessionOf(request));
    return (alarm: Alarm): boolean => discretion.seesAlarm(audience, alarm);
  };
  const done = async (request: FastifyRequest, work: () => Promise<DutyResult>) => {
    const result = await answered(request, work);
    checkStored(result.stored);
    return result.duty;
  };

  typed.get(
    '/api/v1/duty',
    {
      config: { access: 'duty.read' },
      schema: {
        tags,
        summary: 'Who is on shift, the check that waits, and whether you have a personal code',
        response: { 200: dutyViewSchema.extend({ hasCode: z.boolean() }), ...problems(401, 403) },
      },
    },
    async (request) => ({ ...duty.view(), hasCode: duty.hasCode(sessionOf(request).user) }),
  );

  typed.post(
    '/api/v1/duty/shift',
    {
      config: { access: 'duty.work' },
      schema: {
        tags,
        summary: 'Go on or off shift; the last one hands over while a severity 1 is open',
        body: shiftRequestSchema,
        response: { 200: dutyViewSchema, ...answers },
      },
    },
    async (request) => {
      const { on, station } = request.body;
      return done(request, () => duty.shift(on, actorOf(request, station), shownTo(request)));
    },
  );

  typed.post(
    '/api/v1/handover',
    {
      config: { access: 'duty.work' },
      schema: {
        tags,
        summary: 'Hand over: both people sign for each open severity 1',
        description: 'Refused with `handover-incomplete` and the ids in `missing` where one is not named.',
        body: handoverRequestSchema,
        response: { 200: dutyViewSchema, ...answers },
      },
    },
    async (request) => {
      const { second, station, ...wanted } = request.body;
      const actor = actorOf(request, station);
      const taker = await seconds.check(sessionOf(request), second, request.ip, {
        act: 'handover',
        on: 'duty',
      });
      return done(request, async () => duty.handOver(wanted, { ...actor, second: taker }, shownTo(request)));
    },
  );

  typed.post(
    '/api/v1/duty/checks',
    {
      config: { access: 'duty.check' },
      schema: {
        tags,
        summary: 'Start a duty check; somebody on duty answers it with their personal code in time',
        body: checkRequestSchema,
        response: { 201: dutyViewSchema, ...answers },
      },
    },
    async (request, reply) => {
      const view = await done(request, () => duty.startCheck(actorOf(request, request.body.station)));
      return reply.code(201).send(view);
    },
  );

  typed.post(
    '/api/v1/duty/checks/:id/answer',
    {
      config: { access: 'duty.work' },
      schema: {
        tags,
        summary: 'Answer a duty check; a late answer ends DUTY.MISS',
        params: z.object({ id: z.string().min(1).max(64) }),
        body: checkAnswerSchema,
        response: { 200: dutyViewSchema, ...answers },
      },
    },
    async (request) => {
      const { code, station } = request.body;
      return done(request, () => duty.answer(request.params.id, code, actorOf(request, station)));
    },
  );

  typed.put(
    '/api/v1/duty/code',
    {
      config: { access: 'duty.work', audit: { act: 'duty.code' } },
      schema: {
        tags,
        summary: 'Set your own personal code; stored hashed, and never shown',
        body: dutyCodeSchema,
        response: { 204: z.null().describe('Set'), ...problems(400, 401, 403, 409, 413, 429, 503) },
      },
    },
    async (request, reply) => {
      const { password, code } = request.body;
      await answered(request, () => duty.setCode(sessionOf(request).user, password, code));
      return reply.code(204).send(null);
    },
  );
}
