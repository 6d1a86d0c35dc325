package console

// gapsInChinese are the sentences that the rules put together about gaps of texts, and what mends them.
var gapsInChinese = map[string]string{
	"the title %s": "标题 %s", "the headings %s": "小标题 %s", "print of %s points at least": "字号不小于 %s 磅",
	"how long the public notice stays up": "公告的展示时长", "a number that people can call": "可供拨打的电话",
	"%s at no cost to people, for %s months at least: %s": "免费提供%s，至少 %s 个月：%s", "%s at no cost to people: %s": "免费提供%s：%s",
	"credit monitoring": "信用监测", "identity theft prevention": "身份盗用防范服务",
	"the policy keeps it up for %s days, the regime asks for %s": "政策规定展示 %s 天，法规要求 %s 天",
	"%s: %s points": "%s：%s 磅",
	"A social security, driver's licence or identification card number was exposed, and whoever gives notice was the source of the breach": "社会保障号、驾照号或身份证件号泄露，且通知方为泄露源头",
	"A social security number was exposed by a consumer reporting agency":                                                                  "消费者报告机构泄露了社会保障号", "A social security number was exposed": "社会保障号泄露",
	"Connecticut, when a social security number was exposed": "康涅狄格州，社会保障号泄露时", "Delaware, when a social security number was exposed": "特拉华州，社会保障号泄露时",

	"One text cannot do both: decide which duty it follows, and let the other one's demand go by name with a reason (tocsin plan waive)":                                                        "同一文本无法兼顾：请决定遵循哪一项义务，并逐项说明理由豁免另一项的要求（tocsin plan waive）",
	"Take it out of the words of the incident or of the template in templates/, or let it go by name with a reason (tocsin plan waive)":                                                         "请从事件的文字或 templates/ 的模板中删去，或逐项说明理由予以豁免（tocsin plan waive）",
	"Put them into the template in templates/notice and templates/announcement, word for word and in this order, or let it go by name with a reason (tocsin plan waive)":                        "请逐字、按此次序写入 templates/notice 和 templates/announcement 的模板，或逐项说明理由予以豁免（tocsin plan waive）",
	"Make the print larger in the template of the email in templates/notice (a letter is printed in the size that the program has), or let it go by name with a reason (tocsin plan waive)":     "请在 templates/notice 的邮件模板中加大字号（信件的字号由程序决定），或逐项说明理由予以豁免（tocsin plan waive）",
	"Raise announcement.keep_days in the policy, or let it go by name with a reason (tocsin plan waive)":                                                                                        "请在政策中增大 announcement.keep_days，或逐项说明理由予以豁免（tocsin plan waive）",
	"State contact.phone, or let it go by name with a reason (tocsin plan waive)":                                                                                                               "请填写 contact.phone，或逐项说明理由予以豁免（tocsin plan waive）",
	"State %s, or write it as %s of the incident (tocsin incident amend), or let it go by name with a reason (tocsin plan waive)":                                                               "请填写 %s，或在事件中写为 %s（tocsin incident amend），或逐项说明理由予以豁免（tocsin plan waive）",
	"Write it as %s of the incident (tocsin incident amend), or let it go by name with a reason (tocsin plan waive)":                                                                            "请在事件中写为 %s（tocsin incident amend），或逐项说明理由予以豁免（tocsin plan waive）",
	"Offer it, and state it with its months under offers of the incident (tocsin incident amend); who gets it and how is said under %s, or let it go by name with a reason (tocsin plan waive)": "请提供该项帮助，并在事件的 offers 中写明其月数（tocsin incident amend）；由谁获得、如何获得写在 %s 中；或逐项说明理由予以豁免（tocsin plan waive）",
}
