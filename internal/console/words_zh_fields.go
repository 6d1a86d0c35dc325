package console

// fieldsInChinese is what the rules call the things that a notice or a report must say.
var fieldsInChinese = map[string]string{
	"who was held responsible": "责任追究情况", "public agencies that help against identity theft": "协助防范身份盗用的公共机构",
	"help that is asked for": "请求提供的协助", "leads to the attacker and the weakness used": "攻击者线索及被利用的弱点", "cause or suspected cause": "原因或疑似原因",
	"likely consequences": "可能的后果", "who answers questions": "答复询问的联系人", "name and contact details of the organisation": "组织的名称和联系方式",
	"credit bureaus": "征信机构", "countries affected": "涉及的国家", "kinds of personal data": "个人信息的种类", "why it is late": "迟延的原因",
	"when and how it was noticed": "何时、如何发现", "the data protection officer": "个人信息保护负责人", "how the scene and evidence are kept": "现场和证据的保护情况",
	"losses": "损失", "that another notice follows": "后续将再次通知", "forensic report": "取证报告", "that a freeze is free": "冻结信用免费",
	"what people can do themselves": "当事人可自行采取的措施", "police involvement": "公安机关介入情况", "rights to complain and to damages": "投诉和求偿的权利",
	"lessons learned": "经验教训", "what will be done": "拟采取的措施", "what was done": "已采取的措施", "the kind of breach and its circumstances": "事件的类型和经过",
	"the text that people get": "发给当事人的文本", "date of the notice": "通知日期", "whether and how people are told": "是否告知当事人及告知方式", "when it happened": "发生时间",
	"other authorities that were told": "已报告的其他机关", "name of the parent company": "母公司名称", "where it happened": "发生地点", "copy of the police report": "报案材料副本",
	"the right to a police report": "取得报案材料的权利", "breach policies in place": "已有的事件处置制度", "safeguards that were in place": "事发前已有的保护措施",
	"processors and third parties involved": "涉及的受托处理者和第三方", "what was published": "已公布的内容", "ransom: sum, means, date": "勒索：金额、方式、日期",
	"number of records": "记录数量", "steps against repetition": "防止再次发生的措施", "help and compensation that is offered": "提供的帮助和补偿", "the person who files the report": "报告人",
	"why the risk was judged as it was": "风险判断的理由", "follow-on damage": "次生损害", "how to freeze credit": "如何冻结信用", "grade under the scheme": "事件等级",
	"kinds of people": "当事人的类别", "number of people": "人数", "number of people in the jurisdiction": "该法域内的人数", "number of children and elderly people": "儿童和老年人人数",
	"what happened, in general terms": "事件概述", "whether it was probably unlawful or malicious": "是否疑似违法或恶意", "affected systems": "受影响的系统",
	"all people whose data are processed there": "在该处被处理个人信息的总人数", "how it may develop": "发展趋势", "written security programme": "书面安全计划",
	"how long the public notice stays up": "公告的展示期限", "a number that people can call": "可供拨打的电话",
}
