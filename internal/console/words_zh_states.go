package console

// statesInChinese are the words of the state machines, of the legend and of the catalogue of errors.
var statesInChinese = map[string]string{
	"Where a case stands.": "事件所处的阶段。", "Duty": "义务", "Where the work on one duty stands, once it applies.": "一项适用义务的办理进度。", "Person": "个人",
	"What became of one person. Everybody has exactly one of these at any moment, and they add up.": "对一个人的结果。任何时刻每人恰有一种，合计等于总数。",
	"Attempt": "尝试", "What became of one try to reach a person by one channel.": "经一个渠道联系一人的一次尝试的结果。",
	"Verdict": "判定", "Whether a law asks for something.": "法律是否要求。", "Deadline": "时限", "How to read a clock.": "如何看时限。", "Plan": "方案", "What a second person approves: texts, people, channels, rules.": "由另一人批准的内容：文本、人员、渠道、规则。",
	"Proof": "证明", "Two words that are easily mixed up.": "容易混淆的两个词。", "Receipt": "送达回报", "A provider's word on a delivery.": "服务商关于送达的答复。", "The number that an authority gave for a report.": "主管部门对报告给出的编号。",
	"The law asks for it, or an exemption is not proven.": "法律要求，或豁免未获证实。", "Looked at; the reason is given.": "已审查，并写明理由。", "A fact is missing; it is named.": "缺少事实，已列出缺什么。",
	"The deadline has passed; a late report must give its reason.": "时限已过，须说明理由。", "The fact that starts the clock is missing; the earliest known instant counts until then.": "缺少起算事实，暂以已知的最早时刻起算。",
	"Exactly this may be sent. One changed byte makes the approval void.": "仅可发送此内容。改动一个字节，批准即失效。", "The author has it back with a comment; nothing was sent.": "已附意见退回提交者，没有发送。", "Something that the plan covers changed before it was approved.": "批准之前，方案所含内容发生了改变。",

	"Draft": "草稿", "A detector opened it; nobody has confirmed it, but the clock runs.": "检测器已创建，尚无人确认，但时限已在计。", "Open": "已开启", "Somebody opened it; facts are gathered.": "有人创建，正在收集事实。",
	"Being assessed": "评估中", "Duties and deadlines follow from the facts; a plan waits to be written or approved.": "由事实得出义务与时限；方案待撰写或批准。", "Notifying": "通知中", "People are being told.": "正在逐一通知个人。",
	"Monitoring": "观察中", "All were tried; late bounces and receipts are watched.": "均已尝试，观察退信与回报。", "Everybody is accounted for, evidence is sealed; can be reopened.": "人人有交代，证据已封存，可重新打开。",
	"Drafting": "起草中", "The text is being written.": "正在撰写。", "A second person must decide.": "须由另一人决定。", "Handed to the authority.": "已提交主管部门。", "Acknowledged": "已回执", "The authority gave its number.": "主管部门已给出编号。", "Nothing more is asked for, unless further people are found.": "无须再办，除非又发现受影响的人员。",
	"To do": "待通知", "Nothing handed over yet.": "尚未发出。", "There is proof by the channel's rule.": "按该渠道的规则已有证明。", "Handed over, not confirmed.": "已交出，尚未确认。", "Not reachable": "无法联系", "No usable contact, or every allowed channel failed.": "无可用联系方式，或各渠道均失败。",
	"Covered by announcement": "公告覆盖", "A published announcement counts as their notice.": "已发布的公告依规则视为通知。", "Exempt": "免予通知", "The law asks for no notice; the reason is given.": "法律不要求通知，已写明理由。", "Held": "暂不通知", "Must not be told yet.": "目前不得通知。", "Withdrawn": "已移出",
	"About to be handed over.": "即将交出。", "The provider has it.": "服务商已接收。", "The provider or the receiving server took responsibility for it.": "服务商或收件服务器已接手。", "The provider says that it arrived.": "服务商告知已到达。", "Tried again by itself.": "将自动重试。", "Goes on to the next channel.": "转入下一渠道。",
	"The provider may or may not have it; it is asked, never sent again blindly.": "服务商是否收到不明；正在查询，绝不盲目重发。", "Asked and decided; the decision is on record.": "已查询并作出决定，留有记录。",

	"The input cannot be used": "输入无法使用", "Correct the fields that are named and send it again. Nothing was changed.": "请更正所列各项后重新提交。没有作出任何改动。", "Not found": "未找到", "Check the id. Nothing was changed.": "请检查编号。没有作出任何改动。",
	"Not signed in": "未登录", "Send a valid token (TOCSIN_TOKEN, or the Authorization header).": "请提供有效令牌。", "Your role does not allow this": "您的角色不允许此操作", "Ask a person whose role allows it.": "请联系有此权限的人。",
	"The law knows no such delay": "该法律没有这种延后", "Name only duties whose law knows this delay, or hold back channels instead (tocsin hold set). Nothing was changed.": "请只列出法律允许如此延后的义务，或改为暂停使用某些渠道（tocsin hold set）。没有作出任何改动。",
	"The incident is in another state": "事件处于其他状态", "Look at the status, then decide again. Nothing was changed.": "请查看状态后再决定。没有作出任何改动。", "The plan is not complete": "方案不完整", "Fill in what is listed, then submit again.": "请补齐所列内容后重新提交。",
	"Nobody has signed off some of the texts": "部分文本无人签核", "Have them read and signed off (tocsin templates sign-off) and submit again, or accept them by name (--accept-unreviewed, accept_unreviewed); the acceptance stands on the record.": "请安排审阅并签核（tocsin templates sign-off）后重新提交，或逐项接受（--accept-unreviewed、accept_unreviewed）；接受会记录在案。",
	"%s approved the plan for list %d and accepted texts that nobody had signed off: %s.": "%s 批准了名单 %d 的方案，并接受了无人签核的文本：%s。", "Texts that nobody had signed off were accepted with it: %s.": "批准时一并接受了无人签核的文本：%s。",
	"The plan has changed since you read it": "您阅读之后方案已改变", "Read the plan again and approve its present hash.": "请重新阅读方案，并批准现在的哈希。", "The author cannot approve": "提交者不能批准", "Ask another person whose role is lead.": "请联系另一位合规负责人。",
	"This plan was already decided": "此方案已有决定", "Look at the plan's history.": "请查看方案的经过。", "Unknown policy": "未知的政策", "Use mooc, chinesepod, or the path of a policy file.": "请使用 mooc、chinesepod 或政策文件的路径。",
	"There is no valid approval for this": "没有有效的批准", "Submit the plan and have a second person approve it.": "请提交方案，并由另一人批准。", "Stored data differs from what was approved": "存储的数据与批准的不符", "Stop, find out who changed it, and have the plan approved anew.": "请停止操作，查明何人改动，并重新批准方案。",
	"The input is too large": "输入过大", "Send less at a time, or raise the limit in the settings. Nothing was changed.": "请减少单次内容，或在设置中提高上限。没有作出任何改动。", "The input has another form than this takes": "输入的格式不对",
	"Send it in one of the content types that /openapi.json names, without content encoding.": "请使用 /openapi.json 所列的内容类型。", "The input did not arrive in time": "输入未及时到达", "Check the connection and send it again. Nothing was changed.": "请检查网络后重新提交。没有作出任何改动。",
	"This address takes other methods": "此地址不接受该方法", "Look at /openapi.json for what it takes.": "请查看 /openapi.json。", "The workflow engine does not answer": "流程引擎没有回应", "What was recorded is safe and goes on by itself; look at the status later.": "已记录的内容是安全的，会自动继续；请稍后查看状态。",
	"This Idempotency-Key belongs to another request": "此 Idempotency-Key 已用于另一请求", "Send this request with a new key. Nothing was changed.": "请使用新的键重新提交。没有作出任何改动。", "The same request is still being carried out": "同一请求仍在执行",
	"Send it again with the same key a little later: it gives the answer as soon as there is one, and is not carried out twice.": "请稍后使用同一个键重新提交：有结果时会返回结果，不会重复执行。",
	"Something failed on our side": "系统出现故障", "Nothing was lost. Give the reference number to the operator.": "没有丢失任何内容。请将参考编号告知运维。",
}

// lawsInChinese are words of the rule packs and of the catalogue of failures, and kinds of data. Texts that
// those change are shown in English until they are mended here.
var lawsInChinese = map[string]string{
	"Tell people": "通知个人", "Report to the authority": "向主管部门报告", "Tell the media": "通知媒体", "Publish a notice": "发布公告", "Tell others": "通知其他方",
	"Tell the people whose information is concerned": "通知信息所涉个人", "Tell the people whose data are concerned": "通知数据所涉个人", "Tell the affected users": "通知受影响用户", "Tell the controller (as its processor)": "通知控制者（作为其处理者）",
	"Notify the department that protects personal information": "通知履行个人信息保护职责的部门", "Notify the supervisory authority": "通知监管机构", "Send the supervisory authority what was not known at first": "向监管机构补报",
	"Report to the protection department and public security (critical infrastructure)": "向保护工作部门和公安机关报告（关键信息基础设施）", "Report to the own department's cyberspace office (central and state organs)": "向本部门网信工作机构报告（中央和国家机关）",
	"Report to the provincial cyberspace administration": "向省级网信部门报告", "Pass a major incident on (between authorities)": "重大事件转报（部门之间）", "Report what was not known at first": "补报", "File the closing report": "提交处置总结报告", "Report to the regulators how the incident is handled": "向监管部门报告处置情况",
	"1 minute": "1 分钟", "%s minutes": "%s 分钟", "1 hour": "1 小时", "%s hours": "%s 小时", "1 day": "1 天", "%s days": "%s 天", "1 working day": "1 个工作日", "%s working days": "%s 个工作日", "1 month": "1 个月", "%s months": "%s 个月",
	"%s from %s": "自%[2]s起 %[1]s", "The law says: “%s”": "法律原文：“%s”", "awareness": "知悉", "detection": "发现", "the determination": "认定", "the classification": "分级", "the end of the assessment": "评估完成", "materiality": "认定重大", "the end of the handling": "处置完成", "the notice to people": "通知个人",

	"The mailbox does not exist": "邮箱不存在", "Goes on to the next channel": "转入下一渠道", "Nothing. If you hold newer addresses, load them as a new list": "无须操作。若有更新的地址，请作为新名单载入", "The mailbox is full": "邮箱已满", "Mail servers tried for days and gave up": "邮件服务器尝试多日后放弃", "Nothing. If many are of one domain, look at that server's answers in the detail": "无须操作。若多人属于同一域名，请查看该服务器在详情中的答复", "Tried again later, then the next channel": "稍后重试，再转入下一渠道", "Nothing": "无须操作",
	"The receiving server refuses the message": "收件服务器拒收", "Ask your mail team to contact that server's postmaster": "请邮件团队联系对方服务器管理员", "The receiving server asks to try later": "收件服务器要求稍后再试", "Tried again by itself": "将自动重试", "The provider limits the rate": "服务商限速", "Nothing; raise the limit at the provider if it lasts": "无须操作；若持续，请向服务商提高限额",
	"The provider could not be reached": "无法连接服务商", "Look at the provider's status page": "请查看服务商状态页", "The provider refused the message": "服务商拒绝了消息", "Look at the detail": "请查看详情", "The person stopped messages from this number": "本人已退订此号码的短信", "Nothing; never argue with the carrier": "无须操作；请勿与运营商争执",
	"The number is not valid": "号码无效", "If you hold newer numbers, load them as a new list": "若有更新的号码，请作为新名单载入", "The phone cannot be reached": "手机无法接通", "Tried again, then the next channel": "重试后转入下一渠道", "The number is not in use": "空号", "The number cannot take text messages": "号码不能接收短信",
	"The carrier filtered the message": "运营商过滤了消息", "Register the sender with the provider": "请向服务商登记发送方", "The app was removed from the phone": "应用已从手机卸载", "Never sent there again; goes on to the next channel": "不再发往该处；转入下一渠道", "Take the token out of your own records": "请从自己的记录中删除该令牌",
	"The push token is of another app, or of the other environment of this one": "推送令牌属于另一应用，或属于本应用的另一环境", "If many have it, the settings of the provider are of another app than the list: mend them and try these people again": "若多人如此，说明服务商设置与名单属于不同应用：请改正设置，再重试这些人", "The provider did not answer": "服务商没有回应", "The provider is asked; never sent again blindly": "正在查询服务商，绝不盲目重发", "Nothing, or decide by hand": "无须操作，或人工决定",
	"Sending was interrupted": "发送中断", "The server offers no verified encryption": "服务器未提供可验证的加密", "Tried again later": "稍后重试", "Mend the server's certificate, or allow plaintext in the settings": "请修复服务器证书，或在设置中允许明文", "The provider refuses our login, our account or our sender": "服务商拒绝我方的登录、账户或发件方", "Check credentials and sender in the settings, and the account with the provider": "请检查设置中的凭证与发件方，以及在服务商处的账户",
	"Our sender or account may not reach this country or network": "我方的发件方或账户不得向该国家或网络发送", "Register the sender, or have the country opened, with the provider; then try these people again": "请在服务商处登记发件方或开通该国家，然后对这些人重试",
	"The contact cannot be used as it is": "联系方式无法使用", "Correct it and load it as a new list": "请更正后作为新名单载入",

	"name": "姓名", "phone": "电话", "postal address": "地址", "birth date": "出生日期", "national id": "身份证件", "passport": "护照", "password": "密码", "password hash": "密码哈希", "security answer": "密保答案", "payment card": "支付卡", "card security code": "卡安全码", "bank account": "银行账户",
	"transactions": "交易记录", "balance": "余额", "income": "收入", "location": "位置", "browsing": "浏览记录", "communications": "通信内容", "biometric": "生物识别信息", "genetic": "基因信息", "health": "健康信息", "sex life": "性生活", "religion": "宗教信仰", "politics": "政治观点", "ethnicity": "民族", "union": "工会成员身份", "criminal": "犯罪记录",
	"education": "教育信息", "employment": "就业信息", "photo": "照片", "device id": "设备标识", "account id": "账户标识", "preferences": "偏好", "insurance": "保险信息",
}
