package console

// returnsInChinese are the words of bounces and complaints.
var returnsInChinese = map[string]string{
	"What came back": "退回情况", "What came back, incident %s": "退回情况，事件 %s", "Bounces and complaints": "退信与投诉", "Bounces and complaints…": "退信与投诉…", "Counts of what mail servers sent back; nobody is named.": "邮件服务器退回内容的计数；不显示任何人。",
	"By reason, provider and domain": "按原因、服务商和域名", "Kind": "类别", "Sent through": "发送途径", "Reported by": "报告方", "Messages": "条数", "Last": "最近", "not named": "未说明",
	"Nothing came back.": "没有退回。", "Bounces and complaints appear here when a mailbox or a server for them is set up, or a provider reports them.": "设置退信邮箱或接收服务器、或服务商回报后，退信与投诉会显示在此。",
	"What the server said": "服务器原文", "Bounced": "退信", "Complaints": "投诉", "Delayed": "延迟", "Not clear": "不明", "Passed on": "已转交",
	"The message did not arrive. The person goes on to the next channel.":                                     "消息未到达，此人转入下一渠道。",
	"The person told their provider that it is spam. Many of them make providers refuse the rest.":            "收件人向其服务商举报为垃圾邮件。投诉多会使服务商拒收其余邮件。",
	"The server goes on trying. Nothing to do.":                                                               "服务器继续尝试，无需处理。",
	"A bounce by its form that does not say of what kind. It is kept and moves nothing.":                      "形式上是退信，但未说明类别。仅保存，不影响状态。",
	"Passed on to a server that reports nothing. Nothing to do.":                                              "已转交不回报的服务器，无需处理。",
	"The authority's mail server sent the report back on %s.":                                                 "主管部门的邮件服务器于 %s 退回了报告。",
	"The authority's mail server has not taken the report yet; ours goes on trying since %s.":                 "主管部门的邮件服务器尚未接收报告；我方自 %s 起继续尝试。",
	"Something came back from the authority's mail server on %s that does not say whether it has the report.": "主管部门的邮件服务器于 %s 有回信，但未说明是否收到报告。",
	"The authority does not have it. File it by hand before the deadline, through its portal or an address that it confirms, and put its number on record; then mend the address in the settings.": "主管部门没有收到。请在时限前通过其门户或经其确认的地址人工提交，并记录编号；然后更正设置中的地址。",
	"When the deadline is near, ask the authority whether it has the report.": "时限临近时，请询问主管部门是否已收到报告。",
	"Ask the authority whether it has the report.":                            "请询问主管部门是否已收到报告。",
}
