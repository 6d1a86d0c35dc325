package console

// cascadeInChinese is what is said of channels that follow each other, of what they cost, and of who carries messages.
var cascadeInChinese = map[string]string{
	"All channels at once: somebody may get several messages.": "所有渠道同时发送：同一人可能收到多条消息。",
	"Order": "顺序",
	"%s letters were taken out before the printer had them: their people were told meanwhile.":                                                                                "%s 封信在交印前取回：收信人已另行获知。",
	"The limit of costs is reached: %s were spent at most, %s are due, %s are allowed. A person decides.":                                                                     "费用已达上限：至多已用 %s，待发 %s，允许 %s。由人决定。",
	"What was sent and what is due would cost more than the policy allows; the record has the figures. Let it go on, up to the next whole multiple of the limit, or stop it.": "已发与待发的费用将超出政策上限，数字见记录。可放行至上限的下一整倍，或停止。",
	"Those who carried messages are told to delete what they got.":                                                                                                            "正要求消息服务商删除所获数据。",
	"%s deleted what it got of %s messages; %s could not be deleted there.":                                                                                                   "%s 已删除 %s 条消息的数据；%s 条无法在该处删除。",
	"%s asked %s to delete what it got, reference %s.":                                                                                                                        "%s 已要求 %s 删除所获数据，编号 %s。",
}
