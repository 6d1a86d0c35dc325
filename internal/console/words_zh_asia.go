package console

// asiaInChinese are the duties of the rule packs of Asia beside those of lawsInChinese.
var asiaInChinese = map[string]string{
	"Report the network-data incident to the competent department": "向主管部门报告网络数据安全事件", "Tell those whose rights the incident harms": "通知合法权益受到危害的个人和组织",
	"Report the incident (recommended)": "报告事件（推荐性标准）", "Tell the people concerned (recommended)": "告知受影响的个人（推荐性标准）",
	"Report that minors' information is concerned": "报告涉及未成年人个人信息的事件", "Tell the minors concerned and their guardians": "告知受影响的未成年人及其监护人",
	"Report the data incident to the competent department": "向主管部门报告数据安全事件", "Tell the users concerned": "告知受影响的用户",
	"Notify the Privacy Commissioner (voluntary, recommended)": "通知个人资料私隐专员（自愿，建议）", "Tell the people concerned (voluntary, recommended)": "通知受影响的个人（自愿，建议）",
	"Report the disruption of a core function": "报告核心功能中断", "Report the computer-system incident": "报告计算机系统安全事件", "File the written report": "提交书面报告",
	"Notify the Personal Data Protection Bureau": "通知个人资料保护局", "Alert the cybersecurity incident centre (critical infrastructure)": "向网络安全事故预警中心通报（关键基础设施）",
	"Tell the people concerned": "通知受影响的个人", "Tell the people concerned once the facts are ascertained": "查明事实后通知受影响的个人",
	"Report the major incident to the Financial Supervisory Commission": "向金融监管机构报告重大事件", "Report the major incident to the Ministry of Digital Affairs": "向数字产业主管机构报告重大事件",
	"Report to the Personal Data Protection Commission": "向个人资料保护委员会报告", "Send the Commission the first report": "向委员会提交初步报告", "Send the Commission the full report": "向委员会提交最终报告",
	"Report to the Commission or the agency": "向委员会或主管机构报告", "Report what was confirmed later": "补报后来查明的情况", "Tell everybody who may be concerned that it is possible": "通知所有可能受影响的个人",
	"Notify the Personal Data Protection Commission": "通知个人资料保护委员会", "Tell the people concerned, not before the Commission": "通知受影响的个人（不得早于通知委员会）",
	"Finish the assessment whether the breach must be notified": "完成是否须通知的评估", "Tell the organisation for which data are processed": "通知委托处理数据的机构",
	"Report the incident to CERT-In": "向 CERT-In 报告事件", "Tell the Data Protection Board at once": "立即告知数据保护委员会", "Give the Data Protection Board the details": "向数据保护委员会提交详细情况", "Tell every person concerned": "通知每一位受影响的个人",
	"Notify the Office of the PDPC": "通知个人数据保护委员会办公室", "Tell the people concerned, with what is done to remedy it": "通知受影响的个人，并说明补救措施",
	"Notify the agency in writing": "书面通知主管机构", "Tell the data subjects in writing": "书面通知数据主体", "Tell the public": "告知公众",
	"Notify the authority for personal data protection": "通知个人数据保护主管机关", "Tell the customers of a bank or credit body": "通知银行或信贷机构的客户",
	"Notify the Commissioner": "通知专员", "Send the Commissioner what was missing": "向专员补报", "Notify the National Privacy Commission": "通知国家隐私委员会", "File the full report": "提交完整报告", "Tell the data subjects concerned": "通知受影响的数据主体",
}
