package console

// doubtsInChinese is what is said of signs that a list would tell wrong people.
var doubtsInChinese = map[string]string{
	"%s loaded corrected rows: %s of list %d stand as they are now.": "%s 载入了更正的行：%s（名单 %d）已按更正后的内容记录。",
	"The list of people is in doubt":                                 "人员名单存疑",
	"E-mail addresses carry the name of the row before or after: a column has moved, and people would get each other's notices": "邮箱地址中的姓名属于上一行或下一行：有一列错位，通知会发给别人",
	"Phone numbers are of other countries than their rows say: one of the two columns may belong to other rows":                 "电话号码与所在行的国家不符：两列之一可能错位",
	"One contact stands at many people: whoever has it would get the notices of all":                                            "同一联系方式出现在许多人名下：其持有者会收到所有人的通知",
	"One date of birth stands at many people: it looks like a default, and it decides who is a child":                           "许多人的出生日期相同：像是默认值，而它决定谁是未成年人",
	"A field that notices show holds what looks like passwords, card numbers or identity numbers":                               "通知会显示的字段中含有疑似密码、银行卡号或身份证号的内容",
	"The list is made up quite otherwise than the earlier one: it may be another export, or columns may have moved":             "本名单的构成与前一份差别很大：可能是另一次导出，或有列错位",
}
