package console

// trialInChinese are the words of tests and of what text messages cost.
var trialInChinese = map[string]string{
	"The test was sent, marked as one. It is nobody's delivery.": "测试已发送，并注明是测试，不计入任何人的送达。", "A test could not be sent.": "有测试未能发送。",
	"Send a test to yourself": "给自己发送一份测试", "Your own address, number or push token": "您自己的邮箱、号码或推送令牌",
	"One that the setting tests.to names. The message says that it is a test, its code is invented, and names are replaced.": "须为设置 tests.to 所列。消息会注明是测试，编号为虚构，姓名已替换。",
	"Whose notice": "谁的通知", "A person who does not exist": "虚构的人", "The worst cases of the list, in their own languages": "名单中最容易出错的情形，按各自语言", "Send the test": "发送测试",
	"%s sent a test of a notice by %s to %s, through %s.": "%s 通过%s向 %s 发送了一份通知测试，经由 %s。", "A test of a notice by %s ended: %s.": "%s通知测试的结果：%s。",
	"Text messages, at most": "短信费用上限", "If all %s with a number get one: %s parts.": "若 %s有号码者全部收到：共 %s 条。", "country not known": "国家未知", "price not known": "价格未知",
	"%s, %s, by %s: %s, %s parts each: %s": "%s，%s，经 %s：%s，每人 %s 条：%s", "Together: %s": "合计：%s", "Not known for %s: the policy gives no price of a part for them.": "%s的费用未知：政策没有给出每条的价格。",
	"There were too many of these": "次数过多", "Wait a while, then try again. Nothing was changed.": "请稍候再试。没有任何更改。",
}
