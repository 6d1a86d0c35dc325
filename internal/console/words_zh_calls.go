package console

// callsInChinese are the words of the calls that people make.
var callsInChinese = map[string]string{
	"Calls": "通话", "Calls to make": "待拨电话", "Take the next call": "接下一通", "Your call": "您的通话", "Yours until": "归您处理至",
	"People whom the policy reaches by phone. A call, and its number, is with one caller at a time.": "政策规定以电话通知的人员。每通电话及其号码同一时间只交给一名通话员。",
	"Show the number": "显示号码", "That you looked is recorded with your name.": "您的查看将连同姓名一起记录。", "Whom": "对象", "Their clock": "对方时间", "It is %s where they are.": "对方当地时间 %s。",
	"You speak to the person themselves.": "与本人通话。", "You speak to the guardian of a child.": "与儿童的监护人通话。",
	"Read this out": "请读出", "When an answering machine takes the call": "遇到答录机时", "Say this and nothing else: others may hear it.": "只说这段：他人可能会听到。",
	"What became of it?": "结果如何？", "Call back at": "回拨时间", "Call back then": "届时回拨", "Take the next call at once": "随即接下一通", "Give it back, not called": "未拨打，退回", "Keep it longer": "延长时间",
	"One press writes it down and cannot be taken back. The keys work while this call has the focus.": "按一次即记录，无法撤回。焦点在此通话时可用键盘。",
	"What waits": "等待中", "Now": "现在", "Later": "稍后", "With callers": "通话员处理中", "Take one": "接一通", "Take one of these: %s": "接其中一通：%s",
	"1 call waits for its hour.": "1 通电话等待可拨时段。", "%s calls wait for their hour.": "%s 通电话等待可拨时段。",
	"No call waits.": "没有待拨电话。", "Calls come here when a policy names a call list as the provider of its phone channel.": "政策将通话名单列为电话渠道的服务商时，电话会出现在此。",
	"The call is back on the list.": "电话已退回名单。", "It is on record what became of the call.": "通话结果已记录。", "No call waits that may be made now.": "目前没有可拨的电话。", "Say when to call back.": "请填写回拨时间。",
	"You do not have this call any more: it was yours for too long, or its outcome is on record. Take the next one.": "这通电话已不归您处理：超过时限，或结果已记录。请接下一通。",

	"Nobody answered": "无人接听", "Engaged": "占线", "Answering machine": "答录机", "Hung up before the end": "未听完挂断", "Wrong number": "号码有误", "Number not in use": "空号", "Does not want to hear it": "不愿听取",
	"They heard it and said so. It counts as proof.": "对方听取并确认，计为证明。", "Tried again by itself, then the next channel.": "自动再试，之后转入下一渠道。",
	"Only the short text was left. Tried again by itself.": "只留下简短内容，自动再试。", "Nobody calls it again. Goes on to the next channel.": "不再拨打，转入下一渠道。",
	"Not called again. Goes on to the next channel.": "不再致电，转入下一渠道。",

	"%s took a call from the list.": "%s 从名单接了一通电话。", "%s looked at the number of a call.": "%s 查看了一通电话的号码。", "%s wrote down what became of a call: %s.": "%s 记录了一通电话的结果：%s。",
	"call back later": "稍后回拨",
}
