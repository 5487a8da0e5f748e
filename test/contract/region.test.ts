import { describe, expect, test } from 'vitest';
import {
  findRegion,
  isCounty,
  regionPath,
  regionSchema,
  regions,
  resolveRegion,
} from '../../contract/region.ts';

const cities = {
  3701: 'Jinan',
  3702: 'Qingdao',
  3703: 'Zibo',
  3704: 'Zaozhuang',
  3705: 'Dongying',
  3706: 'Yantai',
  3707: 'Weifang',
  3708: 'Jining',
  3709: "Tai'an",
  3710: 'Weihai',
  3711: 'Rizhao',
  3713: 'Linyi',
  3714: 'Dezhou',
  3715: 'Liaocheng',
  3716: 'Binzhou',
  3717: 'Heze',
};
const current = regions.filter((region) => region.until === undefined);
const abolished = regions.filter((region) => region.until !== undefined);

describe('the table', () => {
  test('has every code once', () => {
    expect(new Set(regions.map((region) => region.code)).size).toBe(regions.length);
  });

  test('has the 34 provinces of China', () => {
    expect(current.filter((region) => region.level === 'province')).toHaveLength(34);
    expect(findRegion('37')).toMatchObject({
      name: '山东省',
      en: 'Shandong',
      level: 'province',
      known: true,
    });
  });

  test('has the 16 cities of Shandong and no other', () => {
    const found = current
      .filter((region) => region.level === 'city')
      .map((region) => [region.code, region.en]);
    expect(Object.fromEntries(found)).toEqual(cities);
  });

  test('has 136 counties, each in a listed current city', () => {
    const counties = current.filter((region) => region.level === 'county');
    expect(counties).toHaveLength(136);
    for (const county of counties) expect(Object.keys(cities)).toContain(county.code.slice(0, 4));
    for (const city of Object.keys(cities)) {
      expect(counties.filter((county) => county.code.startsWith(city)).length, city).toBeGreaterThanOrEqual(
        4,
      );
    }
  });

  test('has no functional zones or 市辖区, which GB/T 2260 gives no county', () => {
    for (const { code, level } of current) if (level === 'county') expect(code).not.toMatch(/(?:7\d|01)$/);
  });

  test('gives every abolished code a year and current successors that began no later than it ended', () => {
    expect(abolished.length).toBeGreaterThan(0);
    for (const { code, until = '', successors = [] } of abolished) {
      expect(successors, code).not.toHaveLength(0);
      for (const successor of successors) {
        const region = findRegion(successor);
        expect(region, `${code} -> ${successor}`).toMatchObject({ level: 'county', known: true });
        expect(region?.until).toBeUndefined();
        expect((region?.from ?? '2000') <= until, `${code} -> ${successor}`).toBe(true);
      }
    }
  });
});

describe('findRegion', () => {
  test('accepts other provinces by their shape alone', () => {
    expect(findRegion('4101')).toEqual({ code: '4101', level: 'city', name: '4101', known: false });
    expect(findRegion('410102')).toEqual({ code: '410102', level: 'county', name: '410102', known: false });
  });

  test.each(['', '3', '99', '990101', '370199', '3799', '370171', '41010', '410100', '4101o2', '３７'])(
    'does not know %j',
    (code) => {
      expect(findRegion(code)).toBeUndefined();
    },
  );

  test('still names an abolished code', () => {
    expect(findRegion('3712')).toMatchObject({
      name: '莱芜市',
      until: '2019',
      successors: ['370116', '370117'],
    });
  });
});

describe('resolveRegion', () => {
  test('returns a current code as it is', () => {
    const answer = resolveRegion('370102');
    expect(answer).toMatchObject({ code: '370102', region: { name: '历下区' }, successors: [] });
    expect(answer).not.toHaveProperty('alias');
    expect(resolveRegion('410102')).toMatchObject({ code: '410102', region: { known: false } });
  });

  test.each([
    ['370684', '370614', '蓬莱区'],
    ['370634', '370614', '蓬莱区'],
    ['371523', '371503', '茌平区'],
    ['371202', '370116', '莱芜区'],
    ['371203', '370117', '钢城区'],
    ['370181', '370114', '章丘区'],
    ['370125', '370115', '济阳区'],
    ['370123', '370113', '长清区'],
  ])('%s is now %s %s', (old, code, name) => {
    expect(resolveRegion(old)).toMatchObject({
      code,
      region: { code, name },
      alias: true,
      successors: [code],
    });
  });

  test('does not guess where an area was divided', () => {
    expect(resolveRegion('3712')).toMatchObject({
      code: '3701',
      alias: true,
      successors: ['370116', '370117'],
    });
    expect(resolveRegion('371081')).toMatchObject({
      code: '3710',
      alias: true,
      successors: ['371003', '371002'],
    });
  });

  test('always answers with a current code', () => {
    for (const { code } of abolished) expect(resolveRegion(code)?.region.until, code).toBeUndefined();
  });

  test('leaves the counties that kept their code alone', () => {
    expect(resolveRegion('370124')).toMatchObject({ code: '370124', region: { name: '平阴县' } });
    expect(resolveRegion('370126')).toMatchObject({ code: '370126', region: { name: '商河县' } });
  });

  test('is undefined for an unknown code', () => {
    expect(resolveRegion('370199')).toBeUndefined();
  });
});

describe('regionPath and isCounty', () => {
  test('name province, city and county', () => {
    const path = regionPath('370102');
    expect([path?.province.name, path?.city.name, path?.county.name]).toEqual(['山东省', '济南市', '历下区']);
  });

  test('give every current county a path', () => {
    const counties = current.filter((region) => region.level === 'county');
    for (const county of counties) expect(regionPath(county.code)?.county).toBe(county);
  });

  test('follow an alias to its successor, in its new city', () => {
    const path = regionPath('371202');
    expect([path?.city.code, path?.county.code]).toEqual(['3701', '370116']);
  });

  test('show the province of a county that is not in the table', () => {
    const path = regionPath('440305');
    expect([path?.province.name, path?.city.code, path?.county.known]).toEqual(['广东省', '4403', false]);
  });

  test('refuse what is no county', () => {
    for (const code of ['37', '3701', '370199', '371081', 'x'])
      expect(regionPath(code), code).toBeUndefined();
    for (const code of ['37', '3701', '370199', '370684', '']) expect(isCounty(code), code).toBe(false);
    for (const code of ['370102', '371728', '440305']) expect(isCounty(code), code).toBe(true);
  });
});

describe('regionSchema', () => {
  test.each(['37', '3701', '370102', '3712', '410102'])('accepts %s', (code) => {
    expect(regionSchema.parse(code)).toBe(code);
  });

  test.each([
    ['370000', 'write "37"'],
    ['370100', 'write "3701"'],
    ['济南', '6 for a county ("370102")'],
    ['37010', '4 for a city ("3701")'],
  ])('refuses %s and says what to write', (code, hint) => {
    expect(regionSchema.safeParse(code).error?.issues[0]?.message).toContain(hint);
  });
});
