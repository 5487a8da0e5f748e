/** Words of a sentence that tells of a person, a card or a secret. */
const aboutPeople =
  /\b(?:pin|otp|passcode|password|card|badge|fob|tag|rfid|user|owner|holder|operator|student|teacher|staff|visitor)\b|用户|人员|学生|老师|教师|家长|访客|操作员|持卡|刷卡|卡号|姓名|工号|学号|密码|验证码|口令/i;
/** Numbers of three digits and more, but no times, dates and measurements. */
const number = /(?<![\d:.\-/])\d{3,}(?![\d:]|\.\d|[-/]\d)/g;
/** A name behind the word that announces it. */
const latinName =
  /\b((?:user|owner|holder|operator|student|teacher|visitor|by|of)[ :]+)((?:[A-Z][a-z]+)(?: [A-Z][a-z]+){0,2})/g;
const hanNameAfterLatin =
  /\b((?:user|owner|holder|operator|student|teacher|visitor|by|of|for|name)[\s:：]+)(\p{sc=Han}{2,4})(?!\p{sc=Han})/giu;
const hanName =
  /((?:用户|人员|学生|老师|教师|家长|访客|操作员|持卡人|姓名)[\s:：]?)(\p{sc=Han}{2,4}?)(?=[^\p{sc=Han}]|$|[已在刷开进出离通验打])/gu;
/** With one of these it is no name, but what happened or where. */
const noName =
  /[烟火警灾门窗水气燃温湿电煤毒求救急障常测试区楼层室号栋校厅厨梯禁按钮键器库房厕场]|正常|开|关|通过|失败|成功|拒绝|允许|在线|离线|登录|未知|刷卡|密码/u;
const noLatinName =
  /^(?:Smoke|Fire|Gas|Alarm|Panic|Door|Zone|Room|Floor|Building|Water|Test|Normal|Fault|Card|Pin)\b/;

/**
 * A text in which a sentence about people keeps its words: numbers and names in it are `***`. `PIN 4711 entered`, `user
 * 张三丰 (12345) opened`, `card 12345 of Zhang San`. What tells of alarms and places stays.
 */
export function maskSaid(text: string): string {
  if (!aboutPeople.test(text)) return text;
  return text
    .replace(number, '***')
    .replace(latinName, (whole, head: string, name: string) =>
      noLatinName.test(name) ? whole : `${head}***`,
    )
    .replace(hanNameAfterLatin, maskHan)
    .replace(hanName, maskHan);
}

function maskHan(whole: string, head: string, name: string): string {
  return noName.test(name) ? whole : `${head}***`;
}
