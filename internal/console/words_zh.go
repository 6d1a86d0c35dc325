package console

import "maps"

// inChinese says every English text of the console in simplified Chinese. A text that is not here is shown
// in English. What stands here for texts of others (reasons, titles of duties) is listed in words_zh_*.go.
var inChinese = together(pagesInChinese, sentencesInChinese, brakesInChinese, statesInChinese, lawsInChinese, unreachedInChinese, runningInChinese, severityInChinese, asiaInChinese, americaInChinese, contentsInChinese, doubtsInChinese, cascadeInChinese, trialInChinese, callsInChinese, lettersInChinese, returnsInChinese, byHandInChinese, fieldsInChinese, gapsInChinese)

func together(lists ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, l := range lists {
		maps.Copy(out, l)
	}
	return out
}

// pagesInChinese are headings, labels and buttons.
var pagesInChinese = map[string]string{
	" ": "", ", ": "，", "; ": "；", ": ": "：", "“%s”": "“%s”", "%s, %s": "%s，%s", "%s: %s.": "%s：%s。",
	"%d d": "%d 天", "%d d %d h": "%d 天 %d 小时", "%d h %02d min": "%d 小时 %02d 分", "%d min": "%d 分",
	"1 person": "1 人", "%s people": "%s 人", "1 child": "1 名儿童", "%s children": "%s 名儿童",

	"Skip to the content": "跳到正文", "Main": "主导航", "Incidents": "事件", "Incident": "事件", "Find a person": "查找个人", "What the words mean": "词语含义",
	"Live": "实时", "Not live since": "已中断，上次更新", "As of": "截至", "reload": "重新载入", "Dark": "深色", "Light": "浅色",
	"Sign in": "登录", "Sign out": "退出", "Token": "令牌", "Reference number": "参考编号", "Times are %s.": "时间为 %s。", "This page was made at": "本页生成于",
	"Tocsin shows who is told of an incident, and by when. Enter the token that you were given.":            "Tocsin 显示谁已获知事件、须在何时之前获知。请输入发给您的令牌。",
	"It is checked, and not kept in this browser. You stay signed in for 8 hours.":                          "令牌只用于核验，不保存在浏览器中。登录保持 8 小时。",
	"Enter the token that you were given.":                                                                  "请输入发给您的令牌。",
	"This token is not known. Check that it was copied whole, or ask whoever gave it to you for a new one.": "无法识别此令牌。请检查是否完整复制，或向发放者索取新令牌。",
	"This token belongs to a detector. Detectors post findings; they have no pages.":                        "此令牌属于检测器。检测器只提交发现，没有页面。",
	"lead": "合规负责人", "responder": "处置人员", "reader": "只读人员", "detector": "检测器",

	"Sorted by the clock that runs out first.": "按最先到期的时限排序。", "Summary": "概览", "Which incidents": "筛选事件", "Stage": "阶段", "People": "人员",
	"duty is overdue": "项义务已逾期", "duties are overdue": "项义务已逾期", "clock ends in the next 24 hours": "个时限将在 24 小时内到期", "clocks end in the next 24 hours": "个时限将在 24 小时内到期",
	"thing waits for you": "件事等您处理", "things wait for you": "件事等您处理", "person still to be told or held": "人待通知或暂不通知", "people still to be told or held": "人待通知或暂不通知",
	"All running, %s": "全部进行中，%s", "Waits for me, %s": "等我处理，%s", "Drafts, %s": "草稿，%s", "Closed, %s": "已结束，%s",
	"1 incident runs; closed ones stand last.": "1 起事件进行中；已结束的排在最后。", "%s incidents run; closed ones stand last.": "%s 起事件进行中；已结束的排在最后。",
	"There is no incident.": "目前没有事件。", "One appears here when a detector posts a finding, or when somebody opens it:": "检测器提交发现，或有人创建时，事件会出现在这里：",
	"Nothing here.": "这里没有内容。", "No incident is of this kind at the moment.": "目前没有此类事件。", "Show all that run": "显示全部进行中",
	"Waits for you:": "等您处理：", "Waits for others:": "等他人处理：", "%s, and %d more": "%s，另有 %d 件", "Not readable now": "暂时无法读取",
	"This incident cannot be read at the moment. What was recorded is safe.": "暂时无法读取此事件。已记录的内容是安全的。",
	"No clock runs": "没有时限", "No clock runs.": "没有时限。", "No deadline is open.": "没有未到期的时限。", "earliest possible,": "最早可能，", "provisional,": "暂定，", "due": "截止", "was due": "原定",
	"Cannot tell, %d": "尚不能判定，%d", "1 duty applies": "1 项义务适用", "%s duties apply": "%s 项义务适用", "Closed": "已结束", "stopped": "已停止", "paused": "已暂停",

	"Incident %s": "事件 %s", "Incident without a title": "未命名的事件", "Where you are": "当前位置", "This incident": "本事件", "Story": "经过", "Duties": "义务", "Lists and plans": "名单与方案",
	"Reports": "报告", "Announcement": "公告", "Evidence": "证据", "Record": "记录", "Aware since": "知悉于", "Awareness not known": "知悉时间未知", "Policy %s": "政策 %s",
	"Severity %s, %.2g (%s)": "严重程度%s，%.2g（%s）", "Severity up to %s, between %.2g and %.2g (%s)": "严重程度最高为%s，介于 %.2g 与 %.2g 之间（%s）",
	"low": "低", "medium": "中", "high": "高", "very high": "很高",
	"Sending stopped": "发送已停止", "Sending paused": "发送已暂停", "Go on sending": "继续发送", "Pause sending": "暂停发送", "Stop…": "停止…",
	"Stages": "阶段", "Opened": "已创建", "Assessed": "已评估", "Approved": "已批准", "People told": "通知个人", "People being told": "正在通知", "Announced": "已公告", "Authorities told": "报告主管部门",
	"by %s": "由 %s", "not confirmed yet": "尚未确认", "revision %d of the facts": "事实第 %d 版", "waits for a second person": "等另一人决定", "no list loaded yet": "尚未载入名单", "no plan submitted yet": "尚未提交方案",
	"%s confirmed": "%s 人已确认", "%s on the way": "%s 人已发出", "%s to do": "%s 人待通知", "kept up until %s": "保留至 %s", "not needed": "不需要", "no report is asked for": "无须报告",
	"%d of %d filed": "已提交 %d / %d", "sealed when closed": "结束时封存", "sealed": "已封存",
	"Clocks": "时限", "All on one axis, from the first instant that counts.": "同一时间轴，自最早的起算时刻起。", "now": "现在", "More clocks": "更多时限", "gone": "已过", "left": "剩余", "late": "逾期", "deadline": "截止", "done": "完成", "cannot tell yet": "尚不能判定",
	"Clocks appear as soon as the facts were judged.": "事实判定后，时限会出现在这里。", "Under 4 hours": "不足 4 小时", "Under 24 hours": "不足 24 小时", "Running": "进行中", "Overdue": "已逾期",
	"no deadline yet": "尚无时限", "if it applies": "若适用", "No deadline": "无时限", "in time": "按时", "provisional": "暂定", "Provisional": "暂定", "house policy": "内部规定", "law": "法律", "Done": "完成", "Told": "已通知", "last message handed over": "最后一条已交出",
	"Waiting for": "待办", "You": "您", "(you)": "（您）", "waits for:": "等待：", "since": "自", "What is awaited is not known.": "不知道还缺什么。",
	"The workflow engine does not answer. What was recorded is safe and goes on by itself.": "流程引擎没有回应。已记录的内容是安全的，恢复后会自动继续。",
	"The incident is closed.": "事件已结束。", "Nobody has to do anything now.": "目前无人需要操作。", "The next decision appears here, with who must take it.": "下一项决定会出现在这里，并注明由谁作出。",
	"Last events": "最近记录", "Whole record": "全部记录", "Nothing is recorded yet.": "尚无记录。", "Missing": "缺少", "Missing:": "缺少：", "Nothing is missing": "没有缺少的内容",
	"Until these are known or written, no plan can be approved. Unknown is not zero.": "补齐之前不能批准方案。未知不等于零。", "Answer on the command line:": "在命令行补充：",

	"People by outcome": "人员结果", "Outcome": "结果", "Share": "占比", "What it means": "含义", "Everybody": "全部", "Recounted from the rows at": "逐行重新清点于", "equal.": "一致。",
	"Each person has exactly one outcome. They add up to %s at every moment.":                 "每人恰有一个结果，任何时刻合计为 %s。",
	"No list is loaded yet: how many people are concerned is not known. Unknown is not zero.": "尚未载入名单，涉及人数未知。未知不等于零。",
	"not known": "未知", "The recount differs": "清点结果不一致", "Tell the operator: people and tallies do not agree.": "请告知运维：人员与计数不符。", "Did we tell this person?": "通知过此人吗？",
	"By channel": "按渠道", "Channel": "渠道", "Together": "合计", "Attempts, not people: one person may have several.": "这里计的是尝试次数，一人可有多次。", "Nothing was sent yet.": "尚未发送。",
	"Attempts appear here by channel as soon as a plan is approved.":                                             "方案获批后，各渠道的尝试会出现在这里。",
	"A failed attempt moves the person to the next channel. A push points to the notice and never counts alone.": "一次失败后转入下一渠道。推送只指向通知，从不单独算作送达。",
	"Queued": "已排队", "On the way": "已发出", "Arrived": "已到达", "Failed for now": "暂时失败", "Failed": "失败", "No answer": "无回应", "Settled": "已核实",
	"Email": "邮件", "SMS": "短信", "Push": "推送", "Voice": "电话", "Letter": "信件", "Web page": "网页",
	"What failed, and what to do": "失败原因与处理", "Reason": "原因", "Attempts": "次数", "What happens by itself": "系统如何处理", "What you can do": "您可以做什么", "By itself": "系统处理", "You can": "您可以",
	"Nothing failed.": "没有失败。", "When an attempt fails, its reason stands here with what happens by itself and what you can do.": "尝试失败时，这里会写明原因、系统如何处理、您可以做什么。",
	"Not in the catalogue of reasons.": "不在原因目录中。", "Look at the record of the provider.": "请查看服务商的记录。", "No reason was given": "未给出原因",
	"By country": "按国家和地区", "Where people live": "居住地", "Reached": "已送达", "Not known yet.": "尚不清楚。", "Not known yet. Unknown is not zero.": "尚不清楚。未知不等于零。", "Countries appear when a list of people is loaded.": "载入名单后显示国家和地区。", "%s other countries": "其他 %s 个国家和地区",
	"Country not known": "国家未知", "Mainland China": "中国大陆", "Language not known": "语言未知",

	"Applies": "适用", "Does not apply": "不适用", "Cannot tell": "尚不能判定", "No duty applies.": "没有适用的义务。", "Every rule was looked at; the reasons are below.": "已逐条审查，理由见下。", "Not judged yet.": "尚未判定。",
	"Duties and deadlines follow from the facts, usually within seconds.": "义务与时限由事实得出，通常只需数秒。",
	"1 other duty was looked at and does not apply, with its reason":      "另有 1 项义务经审查不适用（附理由）", "%s other duties were looked at and do not apply, with reasons": "另有 %s 项义务经审查不适用（附理由）",
	"No plan yet": "尚无方案", "List %d, %s": "名单 %d，%s", "Loaded by": "载入者", "decided by": "决定者", "No list is loaded yet.": "尚未载入名单。", "Load one on the command line:": "在命令行载入：", "Plan %d by %s": "方案 %d，提交者 %s",
	"Awaiting approval": "待批准", "Returned": "已退回", "Void": "已失效", "Reports to authorities": "向主管部门的报告", "Filed": "已提交", "Acknowledgement": "回执编号", "Acknowledgement %s": "回执编号 %s",
	"The authority has not given its number yet.": "主管部门尚未给出编号。", "Due": "截止", "Not filed.": "未提交。", "If it applies, due": "若适用，截止", "Reason for the delay:": "延迟原因：", "filing portal": "申报网站", "email": "邮件",
	"No report is asked for so far.": "目前无须报告。", "Reports appear here when a duty to an authority applies.": "须向主管部门报告时，会出现在这里。",
	"Published": "已发布", "Covers": "覆盖", "Kept up until": "保留至", "Reference": "编号", "Page": "页面", "See what everybody sees": "查看公开页面", "There is no announcement.": "没有公告。",
	"When people cannot be told one by one, measured facts decide whether one is published.": "无法逐一告知时，由测得的事实决定是否发布公告。", "Sealed": "封存于", "File": "文件", "Not sealed yet.": "尚未封存。",
	"The evidence is sealed when the incident is closed.": "事件结束时封存证据。", "Take it out at any time:": "可随时导出：", "A stranger can check it without this system:": "第三方无须本系统即可核验：",

	"Approval": "批准", "Approval, incident %s": "批准，事件 %s", "Approve what %s will be told": "批准将告知 %s的内容", "What %s will be told": "将告知 %s的内容", "No plan has been submitted yet.": "尚未提交方案。",
	"When a responder submits one, it stands here in full, and a second person decides.": "提交后，方案全文会显示在这里，由另一人决定。", "Back to the incident": "返回事件", "Plan %d for list %d, by %s, %s": "名单 %[2]d 的方案 %[1]d，提交者 %[3]s，%[4]s",
	"Below is the plan as it is now. Nothing was decided by this.":                                                                                              "下面是现在的方案。刚才的操作没有作出任何决定。",
	"This page is the whole of what is approved. If a word, a person, a channel or a rule changes afterwards, the approval no longer fits and nothing is sent.": "本页就是批准的全部内容。此后若有一字、一人、一个渠道或一条规则改变，批准即失效，不会发送。",
	"1 of 5": "1 / 5", "2 of 5": "2 / 5", "3 of 5": "3 / 5", "4 of 5": "4 / 5", "5 of 5": "5 / 5", "The texts": "文本", "The people": "人员", "Channels and policy": "渠道与政策", "The rules": "规则", "The fingerprint of all this": "以上全部的指纹",
	"Violet words are filled in for each person.": "紫色文字按个人填入。", "Not reviewed:": "未经审阅：", "Not reviewed": "未审阅", "Reviewed": "已审阅", "reviewed": "已审阅", "not all reviewed": "未全部审阅", "You will be asked to confirm this.": "批准前须确认。",
	"Nobody of your organisation has signed off these texts. %s of the list read in these languages.": "贵机构尚无人审定这些文本。名单中 %s使用这些语言。", "Report": "报告", "Title": "标题", "Text": "正文", "Subject": "主题", "Leads to": "指向",
	"This text is not the one that its hash names.": "此文本与其哈希不符。", "Somebody changed it after the plan was made. Do not approve.": "方案生成后有人改动过。请勿批准。", "As people see it:": "收件人所见：",
	"As plain text, for mail programs that show no formatting": "纯文本版本，供不显示格式的邮件程序使用", "Said to be not known yet:": "注明尚不清楚：", "What reads differently for different people": "因人而异的措辞", "to a guardian": "发给监护人", "to the person": "发给本人", "for people of %s alone, whose law forbids what the others are told": "仅发给 %s 的居民，当地法律禁止告知其他人所知的内容",
	"when it began, by the reader's clock": "开始时间（按收件人当地时间）", "when it ended, by the reader's clock": "结束时间（按收件人当地时间）",
	"when it was noticed, by the reader's clock": "发现时间（按收件人当地时间）", "since when it is known, by the reader's clock": "知悉时间（按收件人当地时间）",
	"people whose clock is not known; everybody else reads the same instant by their own": "所在时区不明者；其他人看到的是同一时刻的当地时间",
	"name of the person": "姓名", "name of the child": "孩子姓名", "reference code": "编号", "greeting": "称呼", "the child": "孩子", "kinds of data": "信息种类", "advice": "建议", "short advice": "简短建议", "everybody else": "其他人", "whose name is known": "已知姓名者", "%s, 1 part": "%s，1 条", "%s, about %d parts": "%s，约 %d 条",
	"Announcement, if people cannot be told one by one": "公告（无法逐一告知时）", "Published on the public page of notices, for those who cannot be reached.": "发布在公开的公告页面，面向无法联系到的人。", "Filed as they stand here.": "按此处原文提交。", "%s have a contact for it.": "%s有此联系方式。",
	"A snapshot. People loaded later need an approval of their own.": "快照。之后载入的人员须另行批准。", "Through a guardian": "经监护人", "Without any usable contact": "无可用联系方式", "Languages": "语言", "Digest of the list": "名单摘要",
	"In this order; the next one starts when the one before has not reached the person.": "按此顺序；前一渠道未送达时启用下一渠道。", "With a contact": "有联系方式", "Told first": "最先告知", "%s have contacts, none of which the policy lets anybody use.": "%s有联系方式，但按政策均不得使用。", "Policy": "政策", "Digest of the policy": "政策摘要",
	"Duties that apply": "适用的义务", "none so far": "暂无", "Facts": "事实", "revision %d": "第 %d 版", "Digest of the rule packs": "规则包摘要",
	"The facts are at revision %d by now. If they change what is sent, this plan becomes void.": "事实现为第 %d 版。若因此改变发送内容，本方案即失效。",
	"SHA-256 over parts 1 to 4. On the command line this prints the same:":                      "第 1 至 4 部分的 SHA-256。命令行显示相同结果：",
	"Your decision": "您的决定", "Texts, %d": "文本，%d", "Channels": "渠道", "Fingerprint": "指纹", "Send the unreviewed texts:": "发送未审阅的文本：", "Approving needs this tick while any text is unreviewed.": "有未审阅的文本时，须勾选才能批准。",
	"Approve for %s": "批准，告知 %s", "The first message leaves within seconds. You can pause at any time; what has left cannot be taken back.": "数秒内发出第一条。可随时暂停；已发出的无法收回。", "Comment": "意见",
	"Needed when you return it. Kept as evidence; write no personal data.": "退回时必填。将作为证据保存，请勿写入个人信息。", "Return with this comment": "附意见退回", "%s gets it back. Nothing is sent, and the clock runs on.": "退回给 %s。不会发送，时限继续计时。",

	"The whole record": "全部记录", "Newest first. Nothing here is ever changed; each entry carries the hash of the one before.": "最新的在前。记录从不修改；每条都含前一条的哈希。", "Entries": "条目", "As recorded": "原始记录", "Hash": "哈希", "Pages of the record": "记录分页",
	"Newer entries": "较新的记录", "Older entries": "较早的记录", "Record of incident %s": "事件 %s 的记录", "Stop sending": "停止发送", "Stop sending, incident %s": "停止发送，事件 %s", "Stop sending for good?": "确定永久停止发送？",
	"Sending was stopped already.": "发送已经停止。", "Nothing is being sent, so there is nothing to stop.": "目前没有发送，无可停止。", "Your role may not stop sending. Ask a responder or a lead.": "您的角色不能停止发送，请联系处置人员或合规负责人。",
	"What has left, and what has not": "已发出的与未发出的", "Has left, cannot be taken back": "已发出，无法收回", "Has not left, will not be sent": "未发出，不会发送",
	"A stop cannot be undone. The duties and their clocks stay: those who were not told must be told in another way.": "停止后无法恢复。义务与时限仍在：未通知的人须以其他方式通知。", "Stop for good: %s will not be told": "永久停止：%s将不被通知", "Pause instead": "改为暂停", "Back, change nothing": "返回，不作改动",

	"Did you tell me?": "你们通知过我吗？", "For somebody who asks. Check who they are first, then answer from this page.": "供答复来询者使用。请先核实身份，再据本页答复。", "Your role sees numbers, not people. Ask a responder or a lead.": "您的角色只能看数字。请联系处置人员或合规负责人。",
	"People can be found once an incident has a list.": "事件载入名单后才能查找。", "Email, phone or id": "邮箱、电话或编号", "What is it?": "这是什么？", "Find out by itself": "自动识别", "Phone, with country code": "电话（含国家代码）", "Your own id": "贵机构的编号", "Why do you look?": "查找原因", "Find": "查找",
	"Found by the whole contact only. It is kept neither in the address bar nor in your browser. Every look is recorded with your name and your reason.": "仅按完整联系方式查找，不留在地址栏或浏览器中。每次查找都会连同您的姓名和原因记录在案。",
	"1 person found.": "找到 1 人。", "Nobody found.": "未找到。", "You can say this": "您可以这样说", "What happened, newest first": "经过，最新的在前", "Nothing here is ever changed; a later event adds a line.": "记录从不修改；后续事件另起一行。", "Contacts on file": "登记的联系方式", "None that could be used.": "没有可用的。",
	"Nobody on this list has exactly this contact.": "名单上没有与此完全相同的联系方式。", "Do not say “you are not affected”: they may be on the list under another contact.": "不要说“您不受影响”：其可能以其他联系方式在名单上。",
	"If nobody is found": "若未找到", "Do not say “you are not affected”. Say that this contact is not on the list and that another one may be, and offer to try it.": "不要说“您不受影响”。请说明此联系方式不在名单上，其他联系方式可能在，并提出再查一次。",
	"Language": "语言", "Country": "国家和地区", "List": "名单", "Reason: %s.": "原因：%s。", "not allowed by the policy": "政策不允许",
	"Choose the incident that they ask about.": "请选择对方询问的事件。", "Enter the whole email address, phone number or id, as it may stand on the list.": "请输入完整的邮箱、电话或编号。", "Say why you look. It is recorded, sealed, with your name.": "请写明查找原因。它会连同您的姓名加密记录。",
	"Every word of state in the console, and what it says.": "控制台中的每个状态词及其含义。", "To the list of incidents": "返回事件列表",
	"Changed meanwhile, show": "内容已变，点击显示", "New for you:": "等您处理：", "The incident is now:": "事件状态：", "Less than 24 hours left:": "不足 24 小时：", "Less than 4 hours left:": "不足 4 小时：", "Less than 1 hour left:": "不足 1 小时：", "Overdue:": "已逾期：",
}
